"""Which of the user's columns is which field: guessed by name, for ``coincide init`` to write down.

A guess is a first draft that a person reads. A column that fits several fields goes to the first of them; a
field that several columns fit takes the one that stands first in the list of names below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# Field = names of columns, most telling first, as they are after `_plain`.
_NAMES: dict[str, tuple[str, ...]] = {
    "event_id": (
        *("event_id", "transaction_line_id", "order_line_id", "line_id", "purchase_id", "sale_id"),
        *("transaction_id", "txn_id", "transaction_no", "id", "uuid"),
    ),
    "occurred_at": (
        *("occurred_at", "purchased_at", "sold_at", "transaction_timestamp", "event_timestamp", "timestamp"),
        *("datetime", "date_time", "transaction_time", "event_time", "order_time", "transaction_date"),
        *("purchase_date", "order_date", "sale_date", "invoice_date", "when", "time", "ts", "date", "day"),
        "created_at",
    ),
    "account": (
        *("account", "account_id", "account_no", "customer", "customer_id", "customer_no", "customer_number"),
        *("client", "client_id", "buyer", "buyer_id", "user", "user_id", "member", "member_id"),
        *("household", "household_id", "loyalty_id", "shopper_id"),
    ),
    "item": (
        *("item", "sku", "item_id", "sku_id", "item_no", "product", "product_id", "product_code", "stock_code"),
        *("article", "article_id", "article_no", "gtin", "ean", "upc", "asin"),
    ),
    "title": ("title", "item_name", "item_title", "product_name", "product_title", "description"),
    "category": ("category", "category_code", "category_id", "product_category", "department", "product_type"),
    "quantity": ("quantity", "qty", "pieces", "units", "item_count"),
    "amount_minor": ("amount_minor", "amount_cents", "price_cents", "total_cents"),
    "currency": ("currency", "currency_code"),
    "organisation": ("organisation", "organization", "seller", "seller_id", "merchant", "merchant_id", "vendor_id"),
    "place": ("place", "store", "store_id", "shop", "shop_id", "branch", "branch_id", "stop", "stop_id"),
    "country": ("country", "country_code"),
    "payment_method": ("payment_method", "payment_type", "tender", "tender_type"),
    "customer_type": ("customer_type", "account_type"),
}
_BASKETS = ("basket_id", "basket", "order_id", "order_no", "order", "receipt_id", "receipt_no", "invoice_no", "invoice")
_LINKS: dict[str, tuple[str, ...]] = {
    "card": ("card", "card_id", "card_no", "card_number", "card_hash", "card_token", "payment_card"),
    "device": ("device", "device_id", "device_fingerprint"),
    "address": ("address", "address_id", "address_hash", "delivery_address", "shipping_address"),
}
ASKED = ("event_id", "occurred_at", "account", "item", "category", "quantity")
"""Fields that a purchase log mostly has; ``init`` leaves a commented line for those it cannot guess."""


@dataclass(frozen=True)
class Guess:
    """What is believed of a file's columns. ``columns`` may hold several for one field, which are then joined."""

    columns: dict[str, str | list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    """Columns that no field took, in the order of the file."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The usual fields for which no column was found."""
        return tuple(name for name in ASKED if name not in self.columns)

    @property
    def is_log(self) -> bool:
        """Whether this looks like a log of events: each row has a time and somebody who acted."""
        return "occurred_at" in self.columns and "account" in self.columns


def guess(columns: list[str]) -> Guess:
    """The best guess for ``columns``, the names as the file gives them."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(_plain(column), column)
    found: dict[str, str | list[str]] = {}
    for name, candidates in _NAMES.items():
        match = _first(candidates, by_name, taken=found)
        if match is not None:
            found[name] = match
    # A basket is no event: its lines are. A basket and an item together mostly name one line.
    basket = _first(_BASKETS, by_name, taken=found)
    if "event_id" not in found and basket and isinstance(item := found.get("item"), str):
        found["event_id"] = [basket, item]
    links = {}
    for kind, names in _LINKS.items():
        match = _first(names, by_name, taken=found)
        if match is not None:
            links[kind] = match
    used = {column for value in (*found.values(), *links.values()) for column in _listed(value)}
    order = {name: rank for rank, name in enumerate(_NAMES)}
    ordered = dict(sorted(found.items(), key=lambda pair: order[pair[0]]))
    return Guess(ordered, links, tuple(column for column in columns if column not in used))


def _first(names: tuple[str, ...], by_name: dict[str, str], *, taken: dict[str, str | list[str]]) -> str | None:
    used = {column for value in taken.values() for column in _listed(value)}
    return next((by_name[name] for name in names if name in by_name and by_name[name] not in used), None)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _plain(column: str) -> str:
    """``CustomerID``, ``customer id`` and ``customer-id`` are ``customer_id``."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")
