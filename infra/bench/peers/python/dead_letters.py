"""What is written for a dead letter queue where there is no tool: `list QUEUE` counts by cause, `move QUEUE TARGET NUMBER` moves so many."""

import json
import sys
from collections import Counter

import boto3

HIDDEN = 900
sqs = boto3.client("sqs")


def received(queue, attributes):
    """Each message once; the queue's end is where two long polls bring none."""
    empty = 0
    while empty < 2:
        answer = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            VisibilityTimeout=HIDDEN,
            MessageAttributeNames=attributes,
        )
        messages = answer.get("Messages", [])
        empty = 0 if messages else empty + 1
        if messages:
            yield messages


def entries(messages, **more):
    return [{"Id": str(number), "ReceiptHandle": it["ReceiptHandle"], **more} for number, it in enumerate(messages)]


def all_done(answer):
    if answer.get("Failed"):
        raise SystemExit(f"refused: {answer['Failed']}")


def list_causes(queue):
    causes, batches = Counter(), []
    for messages in received(queue, ["ErrorCode", "ErrorPath"]):
        for message in messages:
            attributes = message.get("MessageAttributes", {})
            causes[" ".join(attributes[name]["StringValue"] for name in sorted(attributes))] += 1
        batches.append(entries(messages, VisibilityTimeout=0))
    for batch in batches:
        all_done(sqs.change_message_visibility_batch(QueueUrl=queue, Entries=batch))
    return {"letters": sum(causes.values()), "causes": causes}


def move(queue, target, number):
    moved = 0
    for messages in received(queue, ["All"]):
        sent = [
            {"Id": str(at), "MessageBody": it["Body"], "MessageAttributes": it.get("MessageAttributes", {})}
            for at, it in enumerate(messages)
        ]
        all_done(sqs.send_message_batch(QueueUrl=target, Entries=sent))
        all_done(sqs.delete_message_batch(QueueUrl=queue, Entries=entries(messages)))
        moved += len(messages)
        if moved >= number:
            break
    return {"moved": moved}


if __name__ == "__main__":
    if sys.argv[1] == "list":
        print(json.dumps(list_causes(sys.argv[2])))
    else:
        print(json.dumps(move(sys.argv[2], sys.argv[3], int(sys.argv[4]))))
