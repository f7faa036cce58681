from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import pytest

from workflow_graph import Job, PermanentError, RetryableError, shell_executor


class KeptLog:
    """Keeps what a job writes."""

    def __init__(self) -> None:
        self.text = {"stdout": "", "stderr": ""}

    def stdout(self, text: str) -> None:
        self.text["stdout"] += text

    def stderr(self, text: str) -> None:
        self.text["stderr"] += text

    async def drain(self) -> None:
        pass


def job(command: str, **fields: object) -> Job:
    return Job(job_id="build", command=command, log=KeptLog(), **fields)  # type: ignore[arg-type]


def text_of(job: Job, stream: str = "stdout") -> str:
    assert isinstance(job.log, KeptLog)
    return job.log.text[stream]


def run(job: Job, **options: object) -> dict[str, str]:
    return shell_executor(grace_secs=0.3, **options)(job)  # type: ignore[arg-type]


def test_both_streams_reach_the_log() -> None:
    it = job("echo out; echo err >&2; echo through a name > /dev/stderr")
    assert run(it) == {}
    assert text_of(it) == "out\n"
    assert text_of(it, "stderr") == "err\nthrough a name\n"


def test_outputs_come_from_stdout_and_from_the_file_which_wins() -> None:
    it = job("echo '::set-output a=1'; echo '::set-output b=2'; echo b=3 >> $WORKFLOW_GRAPH_OUTPUT")
    assert run(it) == {"a": "1", "b": "3"}


def test_a_job_finds_its_surroundings() -> None:
    it = job(
        'printf "%s|" "$NEEDS_GET_IT_THE_KEY" "$INPUT_VERSION" "$FROM_ENV" "$WORKFLOW_GRAPH" "$WORKFLOW_GRAPH_RUN_ID" '
        '"$WORKFLOW_GRAPH_JOB_ID" "$WORKFLOW_GRAPH_ATTEMPT"; cat "$WORKFLOW_GRAPH_CONTEXT"',
        workflow_id="run-1",
        attempt=2,
        upstream_outputs={"get-it": {"the.key": "ü 1"}},
        inputs={"version": "1.2"},
        env={"FROM_ENV": "here"},
    )
    run(it)
    assert text_of(it).startswith("ü 1|1.2|here|true|run-1|build|2|{")
    assert '"run_id": "run-1"' in text_of(it)


def test_the_token_is_kept_from_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFLOW_GRAPH_TOKEN", "secret-1")
    monkeypatch.setenv("ELSEWHERE", "secret-2")
    it = job("env")
    run(it, secrets=["secret-2"])
    assert "secret" not in text_of(it)


def test_a_status_other_than_0_may_be_tried_again_and_says_the_end_of_stderr() -> None:
    with pytest.raises(RetryableError) as raised:
        run(job("echo reason >&2; exit 3"))
    assert str(raised.value) == "exit status 3\nreason"


def test_a_death_by_a_signal_is_named() -> None:
    with pytest.raises(RetryableError) as raised:
        run(job("kill -KILL $$"))
    assert str(raised.value) == "killed by SIGKILL"


def test_an_outputs_file_that_cannot_be_read_fails_for_good() -> None:
    with pytest.raises(PermanentError, match="line 1: expected key=value"):
        run(job("echo nonsense > $WORKFLOW_GRAPH_OUTPUT"))


def test_a_command_with_a_nul_character_fails_for_good() -> None:
    with pytest.raises(PermanentError, match="NUL"):
        run(job("echo \0"))


def test_a_shell_that_cannot_be_started_may_be_tried_elsewhere() -> None:
    with pytest.raises(RetryableError, match="the shell could not be started"):
        run(job("true"), workdir="/nowhere")


def test_a_long_command_is_run_from_a_file() -> None:
    it = job(f"echo begin\n# {'x' * 200_000}\necho end")
    run(it)
    assert text_of(it) == "begin\nend\n"


def test_bytes_that_are_no_text_are_replaced_and_characters_are_never_cut() -> None:
    it = job(r"printf '\377\303'; sleep 0.1; printf '\251\n'; printf '\303'")
    run(it)
    assert text_of(it) == "\ufffdé\n\ufffd"


def test_much_output_is_read_whole_and_in_order() -> None:
    it = job("seq 1 200000")
    run(it)
    assert text_of(it) == "".join(f"{n}\n" for n in range(1, 200_001))


def test_what_the_shell_left_in_its_group_is_ended(tmp_path: Path) -> None:
    started_at = time.monotonic()
    it = job(f"sleep 60 & echo $! > {tmp_path}/pid; echo done")
    run(it)
    assert text_of(it) == "done\n"
    assert time.monotonic() - started_at < 6
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_a_cancelled_job_and_all_of_its_processes_are_ended(tmp_path: Path) -> None:
    # One child that does not listen to SIGTERM, one that left the group and whose parent is gone.
    command = (
        f"(trap '' TERM; echo $BASHPID; sleep 60) & "
        f"(setsid sh -c 'echo $$ > {tmp_path}/away; sleep 60' &) ; echo ready; wait"
    )
    it = job(command)
    errors: list[BaseException] = []
    thread = threading.Thread(target=lambda: errors.append(raised_by(it)))
    thread.start()
    wait_until(lambda: text_of(it) != "" and (tmp_path / "away").exists())
    it.cancelled.cancel("cancelled")
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(errors[0], RetryableError)
    wait_until(lambda: not is_alive(int((tmp_path / "away").read_text() or "0")))
    assert subprocess.run(["pgrep", "-f", f"{tmp_path}/away"], capture_output=True).stdout == b""


def raised_by(job: Job) -> BaseException:
    try:
        run(job)
    except BaseException as error:
        return error
    return AssertionError("it raised nothing")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(condition: object, secs: float = 10) -> None:
    assert callable(condition)
    deadline = time.monotonic() + secs
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def test_no_files_are_left() -> None:
    it = job("dirname $WORKFLOW_GRAPH_OUTPUT")
    run(it)
    assert not Path(text_of(it).strip()).exists()
