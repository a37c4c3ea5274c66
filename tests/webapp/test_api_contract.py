"""The API keeps the promises of its own OpenAPI document, whatever is asked (schemathesis)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import BaseSchema, Case, GenerationMode

from sourcing import db
from tests.webapp.conftest import site

# What only the base knows to be valid; a radius also needs its place.
KNOWN_PLACES = {"commune": ["56121"], "autour": "Lorient", "zone": "-3.5,47.6,-3.2,47.9"}


@pytest.fixture(scope="module")
def contract(filled_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    engine = db.connect(f"sqlite:///{filled_sqlite}")
    app = site(engine, tmp_path_factory.mktemp("api"))
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    engine.dispose()


OPERATIONS = ("suppliers", "supplier", "segments", "communes", "openapi")
SLOW, FILTERED = HealthCheck.too_slow, HealthCheck.filter_too_much
PLAIN = {"Accept-Encoding": "identity"}


def ask(contract: BaseSchema, name: str, mode: GenerationMode) -> None:
    """Hold forty answers of an operation against what the document says of them."""
    operation = contract.find_operation_by_id(name)

    @settings(
        max_examples=40, derandomize=True, deadline=None, suppress_health_check=[SLOW, FILTERED]
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case: Case) -> None:
        # An empty value is as if absent: no schema says so.
        assume(all(str(value).strip() for value in given_values(case)))
        if mode == GenerationMode.POSITIVE and case.query:
            case.query.update({k: v for k, v in KNOWN_PLACES.items() if k in case.query})
            case.query |= {"autour": "Lorient"} if "rayon" in case.query else {}
            case.query |= {"exact": case.query.get("q")} if "exact" in case.query else {}
        case.call_and_validate(headers=PLAIN)

    hold()


def given_values(case: Case) -> list[object]:
    """Every value of the query string, those of lists one by one."""
    values = (case.query or {}).values()
    return [each for value in values for each in (value if isinstance(value, list) else [value])]


def test_every_operation_is_asked(contract: BaseSchema) -> None:
    found = {result.ok().definition.raw["operationId"] for result in contract.get_all_operations()}
    assert found | {"openapi"} == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_the_document_allows_is_answered_as_it_says(contract: BaseSchema, name: str) -> None:
    ask(contract, name, GenerationMode.POSITIVE)


@pytest.mark.parametrize("name", ["suppliers", "segments"])
def test_what_the_document_forbids_is_refused_as_it_says(contract: BaseSchema, name: str) -> None:
    ask(contract, name, GenerationMode.NEGATIVE)
