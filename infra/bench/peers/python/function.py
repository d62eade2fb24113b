"""The same jobs with Powertools for AWS Lambda (Python), set up as its documentation does.

JOB=ledger: batch processor and idempotency around a handler that does nothing.
JOB=flow: the same around a translation of the order and one HTTP call.
"""

import json
import os

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

processor = BatchProcessor(event_type=EventType.SQS)
persistence = DynamoDBPersistenceLayer(table_name=os.environ["LEDGER_TABLE"])
KEYS = {"ledger": "powertools_json(body).data.order", "flow": "powertools_json(body).data.id"}
config = IdempotencyConfig(event_key_jmespath=KEYS[os.environ["JOB"]])

if os.environ["JOB"] == "flow":
    import urllib3

    pool = urllib3.PoolManager()

    def work(record):
        envelope = json.loads(record.body)
        response = pool.request(
            "POST", os.environ["TARGET_URL"] + "/sale", json=sale(envelope), timeout=8.0, retries=False
        )
        return response.json()

else:

    def work(record):
        json.loads(record.body)
        return {"ok": True}


def sale(envelope):
    """What transform::tryton::sale makes of it."""
    order = envelope["data"]
    shop = envelope["source"].removeprefix("/shopify/")
    address = order["shipping_address"]
    customer = order.get("customer")
    lines = [
        {
            "product": line["sku"],
            "quantity": line.get("current_quantity", line["quantity"]),
            "unit_price": {"__class__": "Decimal", "decimal": line["price"]},
        }
        for line in order["line_items"]
        if line.get("requires_shipping", True) and line.get("current_quantity", line["quantity"]) > 0
    ]
    code = f"{shop}/customer/{customer['id']}" if customer else f"{shop}/order/{order['id']}"
    subdivision = address.get("province_code")
    return {
        "reference": f"{shop}/{order['id']}",
        "description": order["name"],
        "party": {"code": code, "name": address["name"], "email": order.get("email")},
        "shipment_address": {
            "party_name": address.get("company") or address["name"],
            "street_unstructured": "\n".join(filter(None, [address["address1"], address.get("address2")])),
            "city": address["city"],
            "postal_code": address.get("zip"),
            "country": address["country_code"],
            "subdivision": f"{address['country_code']}-{subdivision}" if subdivision else None,
        },
        "currency": order["currency"],
        "lines": lines,
    }


@idempotent_function(data_keyword_argument="record", config=config, persistence_store=persistence)
def handle(record: SQSRecord):
    return work(record)


def record_handler(record: SQSRecord):
    return handle(record=record)


def handler(event, context):
    config.register_lambda_context(context)
    return process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context
    )
