"""What a first visit costs, whatever the machine: bytes and requests, nothing cached."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser
# The search page with its map, and the form a supplier opens on a phone.
MOST_BYTES, MOST_REQUESTS = 86_000, 12
MOST_BYTES_OF_FORM = 60_000


class Weighed:
    """The bytes each address of a page brought, headers included."""

    def __init__(self, page: Page) -> None:
        wire = page.context.new_cdp_session(page)
        self.asked: dict[str, str] = {}
        self.received: dict[str, float] = {}
        wire.on("Network.requestWillBeSent", self._ask)
        wire.on("Network.loadingFinished", self._receive)
        wire.send("Network.enable")

    def _ask(self, event: dict[str, dict[str, str]]) -> None:
        self.asked[str(event["requestId"])] = event["request"]["url"]

    def _receive(self, event: dict[str, float]) -> None:
        self.received[str(event["requestId"])] = event["encodedDataLength"]

    @property
    def bytes(self) -> float:
        return sum(self.received.values())


@pytest.fixture
def weighed(watched: Watched) -> Iterator[Weighed]:
    yield Weighed(watched.page)


def test_the_map_of_a_first_visit_is_light(watched: Watched, weighed: Weighed) -> None:
    watched.open("/fournisseurs")
    watched.page.wait_for_load_state("networkidle")
    assert weighed.bytes < MOST_BYTES
    assert len(weighed.received) <= MOST_REQUESTS
    # Cells come in one answer, outlines in another; no tile is waited for.
    assert sum("/carte/" in address for address in weighed.asked.values()) == 2


def test_the_form_of_a_first_visit_is_light(watched: Watched, weighed: Weighed) -> None:
    watched.open("/inscription?creation=1")
    watched.page.wait_for_load_state("networkidle")
    assert weighed.bytes < MOST_BYTES_OF_FORM
