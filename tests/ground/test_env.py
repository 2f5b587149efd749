"""Settings are read loudly: what is missing or malformed stops the start and names its variable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from creatorflow.env import BadSetting, Env, load_file


def test_a_text_is_taken_without_the_space_around_it() -> None:
    assert Env({"NAME": "  Glow  "}).text("NAME") == "Glow"


@pytest.mark.parametrize("given", [{}, {"NAME": ""}, {"NAME": "  "}])
def test_blank_is_the_default_and_without_one_the_variable_is_required(
    given: dict[str, str],
) -> None:
    assert Env(given).text("NAME", "else") == "else"
    with pytest.raises(BadSetting, match="NAME is not set"):
        Env(given).text("NAME")


def test_a_choice_says_what_it_may_be() -> None:
    assert Env({"MODE": "b"}).choice("MODE", ("a", "b"), "a") == "b"
    with pytest.raises(BadSetting, match="MODE is 'c'; it has to be one of a, b"):
        Env({"MODE": "c"}).choice("MODE", ("a", "b"), "a")


@pytest.mark.parametrize(
    ("raw", "words"),
    [("ten", "whole number"), ("1.5", "whole number"), ("0", "between 1 and 9"), ("10", "between")],
)
def test_a_number_is_whole_and_within_its_limits(raw: str, words: str) -> None:
    assert Env({"N": "9"}).integer("N", 3, least=1, most=9) == 9
    assert Env({"N": ""}).integer("N", 3, least=1, most=9) == 3
    with pytest.raises(BadSetting, match=f"N is {raw}.*{words}|N is {raw!r}.*{words}"):
        Env({"N": raw}).integer("N", 3, least=1, most=9)


@pytest.mark.parametrize(
    ("raw", "value"), [("1", True), ("Yes", True), (" on ", True), ("0", False), ("FALSE", False)]
)
def test_a_flag_is_read_in_the_usual_words(raw: str, value: bool) -> None:
    assert Env({"FLAG": raw}).flag("FLAG", not value) is value


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize("given", [{}, {"FLAG": ""}, {"FLAG": " "}])
def test_a_blank_flag_is_its_default_so_it_turns_nothing_off(
    given: dict[str, str], default: bool
) -> None:
    assert Env(given).flag("FLAG", default) is default


def test_a_flag_that_is_neither_stops_the_start() -> None:
    with pytest.raises(BadSetting, match="FLAG is 'maybe'"):
        Env({"FLAG": "maybe"}).flag("FLAG")


def test_words_are_split_at_commas_and_empty_ones_left_out() -> None:
    assert Env({"HOSTS": " a, ,b,"}).words("HOSTS") == ["a", "b"]
    assert Env({}).words("HOSTS") == []


def test_a_secret_may_lie_in_a_file_which_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from the file\n")
    assert Env({"KEY": "given"}).secret("KEY") == "given"
    assert Env({"KEY": "given", "KEY_FILE": str(file)}).secret("KEY") == "from the file"
    with pytest.raises(BadSetting, match="KEY is not set"):
        Env({}).secret("KEY")


def test_a_secrets_file_that_is_missing_or_empty_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="KEY_FILE cannot be read"):
        Env({"KEY_FILE": str(tmp_path / "none")}).secret("KEY", "else")
    (tmp_path / "empty").touch()
    with pytest.raises(BadSetting, match="KEY_FILE names an empty file"):
        Env({"KEY_FILE": str(tmp_path / "empty")}).secret("KEY", "else")


def test_an_address_loses_its_last_slash_and_needs_a_scheme() -> None:
    assert Env({"URL": "https://a.example/"}).url("URL", "") == "https://a.example"
    for bad in ("a.example", "ftp://a.example", "https://"):
        with pytest.raises(BadSetting, match="http or https address"):
            Env({"URL": bad}).url("URL", "")


def test_a_database_address_is_taken_apart() -> None:
    found = Env({"DB": "postgresql://me:p%40ss@db.example:5433/ship?sslmode=require"}).database(
        "DB", ""
    )
    assert [found[part] for part in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "ship",
        "me",
        "p@ss",
        "db.example",
        "5433",
    ]
    assert found["OPTIONS"] == {"sslmode": "require"}
    assert Env({"DB": "postgresql:///ship?host=/run/pg"}).database("DB", "")["HOST"] == "/run/pg"
    with pytest.raises(BadSetting, match="DB has to start with postgresql://"):
        Env({"DB": "mysql://x/y"}).database("DB", "")


def test_a_settings_file_never_overrides_what_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CF_ONE", "CF_TWO"):
        monkeypatch.setenv(name, "set")
    monkeypatch.delenv("CF_TWO")
    file = tmp_path / ".env"
    file.write_text("# words\n\nCF_ONE=file\nCF_TWO = 'a = b'\n")
    load_file(file)
    assert (os.environ["CF_ONE"], os.environ["CF_TWO"]) == ("set", "a = b")


def test_a_settings_file_with_a_line_that_says_nothing_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# words\nDEBUG\n")
    with pytest.raises(BadSetting, match=r"\.env line 2 is not NAME=value"):
        load_file(file)
    load_file(tmp_path / "none")


def started(**given: str) -> subprocess.CompletedProcess[str]:
    """A process that reads the settings with `given` on top of the test run's environment."""
    code = "from creatorflow import settings; print(settings.SIGNUP, settings.MAILERS['default'])"
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


GOOD = "A" * 43 + "="


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("one:short", "VAULT_KEYS: key 'one'"),
        (GOOD, "VAULT_KEYS: an entry is not id:key"),
        (",", "VAULT_KEYS is empty"),
        (f"one:{GOOD},one:{GOOD}", "'one' cannot be a key's id, or is there twice"),
        (f"a.b:{GOOD}", "'a.b' cannot be a key's id"),
    ],
)
def test_vault_keys_that_cannot_serve_stop_the_start_without_being_shown(
    keys: str, words: str
) -> None:
    run = started(VAULT_KEYS=keys)
    assert run.returncode == 1
    assert words in run.stderr
    assert GOOD not in run.stderr
    assert "Traceback" not in run.stderr


def test_a_share_is_above_zero_and_at_most_one() -> None:
    assert Env({}).share("SHARE") == 1.0
    assert Env({"SHARE": "0.02"}).share("SHARE") == 0.02
    for bad in ("0", "1.1", "-1", "nan", "half"):
        with pytest.raises(BadSetting, match="SHARE is .* above 0 and up to 1"):
            Env({"SHARE": bad}).share("SHARE")


def test_waits_that_guard_money_are_shortened_in_rehearsals_only() -> None:
    refused = started(PATIENCE="0.5")
    assert refused.returncode == 1
    assert "PATIENCE below 1 is for rehearsals only" in refused.stderr
    assert started(PATIENCE="0.5", REHEARSAL="true").returncode == 0


def test_a_real_start_takes_invited_people_only_and_a_blank_flag_keeps_tls() -> None:
    run = started(SIGNUP="", SMTP_HOST="mail.example", SMTP_TLS="")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("invited ")
    assert "'use_tls': True" in run.stdout


def test_a_development_start_is_open_and_may_be_closed() -> None:
    assert started(DEBUG="true").stdout.startswith("open ")
    assert started(DEBUG="true", SIGNUP="invited").stdout.startswith("invited ")
