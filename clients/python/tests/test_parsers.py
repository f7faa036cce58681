from __future__ import annotations

import pytest

from workflow_graph_client import Worker
from workflow_graph_client.http.server_sent_events import read_events
from workflow_graph_client.job_log import cut_text
from workflow_graph_client.shell.outputs_file import OutputsFileError, parse_outputs_file
from workflow_graph_client.shell.set_output import SetOutputScanner
from workflow_graph_client.text import valid_text


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        ("", {}),
        ("a=1\n\nb=2=3\n", {"a": "1", "b": "2=3"}),
        ("a=1\r\na=2\r\n", {"a": "2"}),
        ("a<<END\nx\n\ny\nEND\nb=1", {"a": "x\n\ny", "b": "1"}),
        ("a=x<<y", {"a": "x<<y"}),
        ("a=", {"a": ""}),
    ],
)
def test_an_outputs_file_holds_lines_and_texts(text: str, outputs: dict[str, str]) -> None:
    assert parse_outputs_file(text) == outputs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=1\nnonsense", "outputs file, line 2: expected key=value or key<<END"),
        ("=x", "outputs file, line 1: expected key=value or key<<END"),
        ("a<<", 'outputs file, line 1: "<<" needs an end mark after it'),
        ("a<<END\nx", 'outputs file, line 1: the end mark "END" does not follow'),
    ],
)
def test_an_outputs_file_that_cannot_be_read_says_where(text: str, message: str) -> None:
    with pytest.raises(OutputsFileError) as raised:
        parse_outputs_file(text)
    assert str(raised.value) == message


def test_set_output_lines_are_found_however_they_are_cut() -> None:
    text = "noise\n::set-output a=1\r\n ::set-output b=2\n::set-output c=x=y\n::set-output =z\n::set-output a=3"
    for step in (1, 2, 7, 1000):
        scanner = SetOutputScanner()
        for start in range(0, len(text), step):
            scanner.write(text[start : start + step])
        scanner.end()
        assert scanner.outputs == {"a": "3", "c": "x=y"}


def test_events_are_read_however_they_are_cut() -> None:
    stream = 'id: 1\nevent: log\ndata: {"a":"é"}\n\n: comment\nevent: log\ndata: x\ndata: y\n\ndata: cut'.encode()
    for step in (1, 3, 1000):
        pieces = (stream[start : start + step] for start in range(0, len(stream), step))
        events = [(event.name, event.data, event.id) for event in read_events(pieces)]
        assert events == [("log", '{"a":"é"}', "1"), ("log", "x\ny", None)]


def test_texts_are_cut_without_loss() -> None:
    assert list(cut_text("abcdefg", 3)) == ["abc", "def", "g"]
    assert list(cut_text("abc", 3)) == ["abc"]


def test_halves_of_characters_become_replacement_characters() -> None:
    assert valid_text("a\udc80b") == "a\ufffd\ufffd\ufffdb"
    assert valid_text("é😀") == "é😀"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"server_url": "localhost:3000"}, "is not a server's URL"),
        ({"slots": 0}, "slots must be from 1 to 10000, and is 0"),
        ({"slots": 1.5}, "slots must be a whole number, and is 1.5"),
        ({"labels": [""]}, 'labels: "" must have 1 to 100 characters'),
        ({"lease_ttl_secs": 0}, "lease_ttl_secs must be from 1 to 86400"),
        ({"transport": "carrier pigeon"}, 'transport must be "stream" or "http"'),
        ({"grace_secs": -1}, "grace_secs must be from 0"),
    ],
)
def test_an_option_that_cannot_be_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        Worker(**options)  # type: ignore[arg-type]
