"""Makes a company that sells four products, and prints the key of a REST application.

Run with the configuration file and the database's name. The database has its modules already.
"""

import datetime
import sys
from decimal import Decimal

from proteus import Model, config


def main(config_file, database):
    config.set_trytond(f"sqlite:///{database}", config_file=config_file)
    # Tryton's own test helpers are the documented way to a company with a chart of accounts.
    from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
    from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
    from trytond.modules.company.tests.tools import create_company

    create_company()
    create_chart()
    set_fiscalyear_invoice_sequences(create_fiscalyear()).click("create_period")
    add_euro()
    add_countries()
    add_products(get_accounts())
    print(create_rest_key())


def add_euro():
    euro = Model.get("currency.currency")(name="Euro", code="EUR", symbol="€", rounding=Decimal("0.01"), digits=2)
    euro.rates.new(date=datetime.date(2020, 1, 1), rate=Decimal("1.0"))
    euro.save()


def add_countries():
    Country = Model.get("country.country")
    Subdivision = Model.get("country.subdivision")
    for code, name in [("DE", "Germany"), ("US", "United States")]:
        country = Country(code=code, name=name)
        country.save()
        if code == "US":
            Subdivision(country=country, code="US-CA", name="California", type="state").save()


def add_products(accounts):
    Category = Model.get("product.category")
    goods = Category(
        name="Goods", accounting=True, account_expense=accounts["expense"], account_revenue=accounts["revenue"]
    )
    goods.save()
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
    (storage,) = Model.get("stock.location").find([("code", "=", "STO")])
    inventory = Model.get("stock.inventory")(location=storage)
    Template = Model.get("product.template")
    for sku, quantity in [("SKU-1", 1000.0), ("SKU-2", 1000.0), ("SKU-3", 1000.0), ("SKU-EMPTY", 0.0)]:
        template = Template(
            name=f"Widget {sku}",
            default_uom=unit,
            type="goods",
            salable=True,
            list_price=Decimal("10"),
            account_category=goods,
        )
        template.products[0].suffix_code = sku
        template.save()
        if quantity:
            line = inventory.lines.new(product=template.products[0])
            line.quantity = quantity
            line.expected_quantity = 0.0
    inventory.click("confirm")


def create_rest_key():
    (company,) = Model.get("company.company").find([])
    user = Model.get("res.user")(login="integration", name="integration")
    user.groups.extend(Model.get("res.group").find([]))
    user.companies.append(company)
    user.company = Model.get("company.company")(company.id)
    user.save()
    application = Model.get("res.user.application")(application="rest", user=user)
    application.save()
    return application.key


if __name__ == "__main__":
    main(*sys.argv[1:])
