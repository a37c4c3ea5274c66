"""Settings: one page of knobs, and a typing error is never silent."""

from pathlib import Path

import pytest

from sourcing.settings import Settings, SettingsError, read_settings


def test_without_any_variable_the_base_is_sqlite_in_the_data_directory() -> None:
    assert read_settings({}) == Settings()
    assert read_settings({"SOURCING_DATA_DIR": "/x"}).database_url == "sqlite:////x/sourcing.sqlite"


def test_values_are_read_as_a_french_administrator_types_them() -> None:
    settings = read_settings({"SOURCING_MARGIN_KM": "12,5", "SOURCING_HTTPS": "oui"})
    assert (settings.margin_km, settings.https) == (12.5, True)
    assert isinstance(settings.data_dir, Path)


@pytest.mark.parametrize(("key", "value"), [
    ("SOURCING_DATADIR", "/x"), ("SOURCING_MARGIN_KM", "vingt"), ("SOURCING_MARGIN_KM", "-1"),
    ("SOURCING_BASEMAP", "google"), ("SOURCING_LOG", "bavard"),
])  # fmt: skip
def test_an_unknown_key_or_value_names_itself(key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=key):
        read_settings({key: value})


def test_the_secret_key_is_never_shown() -> None:
    assert "hunter" not in repr(read_settings({"SOURCING_SECRET_KEY": "hunter"}))
