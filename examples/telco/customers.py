"""The customers: read from telco_churn.csv.gz where it is present, else a sample of the same shape.

The folder is named by the environment variable `NBA_DATA`, by default `../shared/data` beside the
repository.
"""

from __future__ import annotations

import csv
import gzip
import os
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = [
    "Telco",
    "data_file",
    "from_row",
    "generate",
    "load",
    "read",
    "rows_of",
    "sample",
    "telco",
]

ROWS: Final = 7_043
_ROOT: Final = Path(__file__).resolve().parents[2]
_NAMES: Final = ("telco_churn.csv.gz", "telco_churn.csv")

#: The columns that say Yes or No. "No internet service" and "No phone service" are a No as well.
_YES_OR_NO: Final = {
    "Partner": "partner",
    "Dependents": "dependents",
    "PhoneService": "phone_service",
    "MultipleLines": "multiple_lines",
    "OnlineSecurity": "online_security",
    "OnlineBackup": "online_backup",
    "DeviceProtection": "device_protection",
    "TechSupport": "tech_support",
    "StreamingTV": "streaming_tv",
    "StreamingMovies": "streaming_movies",
    "PaperlessBilling": "paperless_billing",
}
_WORDS: Final = {
    "gender": ("gender", {"Female": "female", "Male": "male"}),
    "InternetService": (
        "internet_service",
        {"No": "none", "DSL": "dsl", "Fiber optic": "fiber_optic"},
    ),
    "Contract": (
        "contract",
        {"Month-to-month": "month_to_month", "One year": "one_year", "Two year": "two_year"},
    ),
    "PaymentMethod": (
        "payment_method",
        {
            "Electronic check": "electronic_check",
            "Mailed check": "mailed_check",
            "Bank transfer (automatic)": "bank_transfer",
            "Credit card (automatic)": "credit_card",
        },
    ),
}


class Telco(NamedTuple):
    """The customers by id, who of them left, and where they come from.

    Who left is known only afterwards: it is for reports, and no rule can read it.
    """

    customers: dict[str, dict[str, Any]]
    left: frozenset[str]
    source: str
    generated: bool = False


def load() -> Telco:
    """Return the customers of the data set, or a generated sample where it is absent."""
    path = data_file()
    if path is None:
        return sample()
    return read(path)


def sample(rows: int = ROWS, seed: int = 2026) -> Telco:
    """Return a generated sample of the same shape, the same for the same *seed*."""
    source = f"{rows:,} generated customers of the same shape, since {_NAMES[0]} is not here"
    return telco(generate(rows, seed), source, generated=True)


def data_file() -> Path | None:
    """Return the path of the data set, or None where it is absent."""
    folder = os.environ.get("NBA_DATA")
    here = Path(folder) if folder else _ROOT.parent / "shared" / "data"
    return next((here / name for name in _NAMES if (here / name).is_file()), None)


def read(path: Path) -> Telco:
    """Return the customers of a CSV file, compressed or not."""
    rows = rows_of(path)
    return telco(rows, f"{len(rows):,} customers of {path.name}")


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV file, compressed or not, as they are."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return list(csv.DictReader(text.splitlines()))


def telco(rows: Iterable[Mapping[str, str]], source: str, *, generated: bool = False) -> Telco:
    """Return the customers of these lines; *source* says where they come from."""
    customers, left = {}, set()
    for row in rows:
        customers[row["customerID"]] = from_row(row)
        if row["Churn"] == "Yes":
            left.add(row["customerID"])
    return Telco(customers, frozenset(left), source, generated)


def from_row(row: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that the book declares for one line of the data set."""
    customer: dict[str, Any] = {
        "senior_citizen": row["SeniorCitizen"] == "1",
        "tenure": float(row["tenure"]),
        "monthly_charges": float(row["MonthlyCharges"]),
    }
    if row["TotalCharges"].strip():  # blank before the first bill: absent, and not zero
        customer["total_charges"] = float(row["TotalCharges"])
    for column, name in _YES_OR_NO.items():
        customer[name] = row[column] == "Yes"
    for column, (name, words) in _WORDS.items():
        customer[name] = words[row[column]]
    return customer


# --- a sample with the shares of the real data, for machines that do not have it


def generate(rows: int = ROWS, seed: int = 2026) -> list[dict[str, str]]:
    """Return lines as the data set has them, the same for the same *seed*."""
    source = random.Random(seed)
    return [_row(source, number) for number in range(rows)]


def _row(source: random.Random, number: int) -> dict[str, str]:
    def yes(share: float) -> str:
        return "Yes" if source.random() < share else "No"

    def one(*choices: tuple[str, float]) -> str:
        names, weights = zip(*choices, strict=True)
        return str(source.choices(names, weights)[0])

    internet = one(("DSL", 0.344), ("Fiber optic", 0.440), ("No", 0.216))
    fiber, none = internet == "Fiber optic", internet == "No"
    monthly = {"DSL": 0.505, "Fiber optic": 0.687, "No": 0.343}[internet]
    two_years = {"DSL": 0.52, "Fiber optic": 0.44, "No": 0.64}[internet]
    contract = one(
        ("Month-to-month", monthly),
        ("One year", (1 - monthly) * (1 - two_years)),
        ("Two year", (1 - monthly) * two_years),
    )
    tenure = _tenure(source, contract)
    phone = "No" if internet == "DSL" and source.random() < 0.28 else "Yes"

    def add_on(share: float) -> str:
        stay = min(0.95, share * (0.55 + tenure / 72))
        return "No internet service" if none else yes(stay)

    partner = yes(0.30 + 0.5 * tenure / 72)
    row = {
        "customerID": f"{number:04}-SAMPLE",
        "gender": one(("Female", 0.495), ("Male", 0.505)),
        "SeniorCitizen": "1" if source.random() < (0.27 if fiber else 0.09) else "0",
        "Partner": partner,
        "Dependents": yes(0.50 if partner == "Yes" else 0.10),
        "tenure": str(tenure),
        "PhoneService": phone,
        "MultipleLines": yes(0.25 + 0.45 * tenure / 72) if phone == "Yes" else "No phone service",
        "InternetService": internet,
        "OnlineSecurity": add_on(0.28 if fiber else 0.50),
        "OnlineBackup": add_on(0.44),
        "DeviceProtection": add_on(0.44),
        "TechSupport": add_on(0.28 if fiber else 0.50),
        "StreamingTV": add_on(0.56 if fiber else 0.40),
        "StreamingMovies": add_on(0.56 if fiber else 0.40),
        "Contract": contract,
        "PaperlessBilling": yes(0.77 if fiber else 0.29 if none else 0.56),
        "PaymentMethod": _payment(one, internet),
    }
    charges = _charges(row) + source.uniform(-1.5, 1.5)
    total = charges * tenure * source.gauss(1.0, 0.03)  # prices were a little different before
    row["MonthlyCharges"] = f"{charges:.2f}"
    row["TotalCharges"] = f"{total:.2f}" if tenure else " "
    risk = {"Month-to-month": 0.43, "One year": 0.11, "Two year": 0.03}[contract]
    row["Churn"] = yes(risk * (1.3 if fiber else 0.7) * (1.25 - tenure / 96))
    return row


def _tenure(source: random.Random, contract: str) -> int:
    """Return months with the company: those with long contracts have stayed, some are new."""
    if contract == "Two year":
        return 0 if source.random() < 0.006 else round(72 * source.betavariate(3.2, 0.9))
    if contract == "One year":
        return 1 + round(71 * source.betavariate(2.0, 1.4))
    return 1 + round(71 * source.betavariate(0.62, 1.9))


def _payment(one: Any, internet: str) -> str:
    electronic, mailed = {"Fiber optic": (0.52, 0.08), "DSL": (0.27, 0.25), "No": (0.08, 0.49)}[
        internet
    ]
    automatic = (1 - electronic - mailed) / 2
    return str(
        one(
            ("Electronic check", electronic),
            ("Mailed check", mailed),
            ("Bank transfer (automatic)", automatic),
            ("Credit card (automatic)", automatic),
        )
    )


def _charges(row: Mapping[str, str]) -> float:
    """Return the monthly price of the services of a line."""
    price = {"No": 0.0, "DSL": 25.0, "Fiber optic": 50.0}[row["InternetService"]]
    price += 20.0 if row["PhoneService"] == "Yes" else 0.0
    price += 5.0 if row["MultipleLines"] == "Yes" else 0.0
    add_ons = ("OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport")
    price += sum(5.0 for name in add_ons if row[name] == "Yes")
    return price + sum(10.0 for name in ("StreamingTV", "StreamingMovies") if row[name] == "Yes")
