from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.waiting import scaled
from workflow_graph_client import Job, PermanentError, RetryableError, Step, Worker, shell_executor
from workflow_graph_client.shell.fresh_workspace import FreshWorkspace, sweep_workspaces


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


def test_a_job_gets_an_allow_list_of_the_environment_and_what_pass_env_names(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "LC_TIME": "C",
        "TZ": "UTC",
        "DATABASE_URL": "postgres://secret-1",
        "SERVER_URL": "http://user:secret-1@localhost",
        "WORKER_LABELS": "secret-1",
        "WORKFLOW_GRAPH_TOKEN": "secret-1",
        "AWS_REGION": "eu-1",
        "AWS_TOKEN": "x secret-2 y",
        "CACHE_DIR": "/cache",
        "OTHER": "secret-1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    it = job("env", env={"DATABASE_URL": "of the job"})
    run(it, pass_env=["CACHE_DIR", "AWS_*", "NOT_SET"], secrets=["secret-2"])
    lines = text_of(it).splitlines()
    assert {"LC_TIME=C", "TZ=UTC", "CACHE_DIR=/cache", "AWS_REGION=eu-1", "DATABASE_URL=of the job"} <= set(lines)
    assert "secret" not in text_of(it)
    everything = job("env")
    run(everything, pass_env=["*"], secrets=["secret-2"])
    assert "OTHER=secret-1" in text_of(everything).splitlines()
    assert not {line.partition("=")[0] for line in text_of(everything).splitlines()} & {"DATABASE_URL", "SERVER_URL"}


@pytest.mark.parametrize("name", ["DATABASE_URL", "SERVER_URL", "WORKER_ID", "WORKFLOW_GRAPH_TOKEN_FILE"])
def test_pass_env_refuses_a_setting_of_the_program_itself(name: str) -> None:
    with pytest.raises(ValueError, match=f"pass_env: {name} is a setting of workflow-graph"):
        shell_executor(pass_env=[name])
    with pytest.raises(ValueError, match=f"pass_env: {name} is a setting of workflow-graph"):
        Worker(pass_env=[name])


def test_pass_env_refuses_what_is_no_list_of_names() -> None:
    with pytest.raises(ValueError, match='pass_env: "A=B" is not the name of a variable'):
        shell_executor(pass_env=["A=B"])
    with pytest.raises(ValueError, match="pass_env must be a list of names"):
        shell_executor(pass_env="CACHE_DIR")


def test_derived_names_have_one_underscore_for_each_character_that_is_no_ascii_letter_or_digit() -> None:
    it = job("env", inputs={"straße.😀": "x"}, upstream_outputs={"\u0131nfo": {"k1": "y"}})
    run(it)
    assert {"INPUT_STRA_E__=x", "NEEDS__NFO_K1=y"} <= set(text_of(it).splitlines())


@pytest.mark.parametrize("command", ['rm "$WORKFLOW_GRAPH_OUTPUT"', 'rm -rf "$(dirname "$WORKFLOW_GRAPH_OUTPUT")"'])
def test_a_job_that_removes_its_outputs_file_succeeds_without_outputs_from_it(command: str) -> None:
    assert run(job(f"echo '::set-output a=1'; {command}")) == {"a": "1"}


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert run(job(r"printf '\357\273\277a=1\n' > $WORKFLOW_GRAPH_OUTPUT")) == {"a": "1"}


@pytest.mark.parametrize(
    "command",
    [
        "rm $WORKFLOW_GRAPH_OUTPUT; mkfifo $WORKFLOW_GRAPH_OUTPUT",
        "ln -sf /dev/zero $WORKFLOW_GRAPH_OUTPUT",
        "ln -sf /etc/hostname $WORKFLOW_GRAPH_OUTPUT",
        "rm $WORKFLOW_GRAPH_OUTPUT; mkdir $WORKFLOW_GRAPH_OUTPUT",
    ],
)
def test_what_is_no_file_in_the_place_of_the_outputs_file_fails_for_good(command: str) -> None:
    with pytest.raises(PermanentError, match=r"^outputs file: it is not a regular file"):
        run(job(command))


def test_an_outputs_file_that_is_too_large_is_not_read_whole() -> None:
    with pytest.raises(PermanentError, match=r"^outputs file: it has more than 1048576 bytes"):
        run(job('head -c 2000000 /dev/zero | tr "\\0" x > $WORKFLOW_GRAPH_OUTPUT'))


def test_a_status_other_than_0_may_be_tried_again_and_says_the_end_of_stderr() -> None:
    with pytest.raises(RetryableError) as raised:
        run(job("echo reason >&2; exit 3"))
    assert (str(raised.value), raised.value.exit_code) == ("exit status 3\nreason", 3)


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


def test_a_job_whose_directory_is_gone_may_be_tried_elsewhere() -> None:
    with pytest.raises(RetryableError, match=r"^the directory that jobs start in is gone: /nowhere$"):
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
    assert time.monotonic() - started_at < scaled(6)
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


def test_the_commands_of_a_trap_have_the_whole_grace_those_in_groups_of_their_own_too() -> None:
    it = job(
        """trap 'sleep 0.3 && echo group; setsid -w sh -c "sleep 0.3 && echo session"; exit 0' TERM
        echo ready; while :; do sleep 0.05; done"""
    )
    thread = threading.Thread(target=lambda: shell_executor(grace_secs=60)(it))
    thread.start()
    wait_until(lambda: text_of(it) != "")
    it.cancelled.cancel("cancelled")
    thread.join(scaled(30))
    assert text_of(it) == "ready\ngroup\nsession\n"


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
    deadline = time.monotonic() + scaled(secs)
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def test_no_files_are_left() -> None:
    it = job("dirname $WORKFLOW_GRAPH_OUTPUT")
    run(it)
    assert not Path(text_of(it).strip()).exists()


STEPS = tuple(Step(id=f"step-{number}", name=name, run="true", env={}) for number, name in enumerate(("Build", "Test")))


def test_the_step_that_failed_is_named() -> None:
    with pytest.raises(RetryableError) as raised:
        run(
            job(
                "printf '::step 1/2 Bu'; sleep 0.1; echo ild; echo '::step 2/2 Test'; echo why >&2; exit 4", steps=STEPS
            )
        )
    assert (str(raised.value), raised.value.exit_code) == ('step 2/2 "Test": exit status 4\nwhy', 4)


def test_a_step_is_known_by_its_own_line_in_its_turn() -> None:
    with pytest.raises(RetryableError) as raised:
        run(job("echo '::step 1/2 Build'; echo 'x ::step 2/2 Test'; echo '::step 2/2 Other'; exit 1", steps=STEPS))
    assert str(raised.value) == 'step 1/2 "Build": exit status 1'


def test_a_shell_that_a_signal_ended_has_the_exit_code_of_a_shell() -> None:
    with pytest.raises(RetryableError) as raised:
        run(job("kill -9 $$"))
    assert (str(raised.value), raised.value.exit_code) == ("killed by SIGKILL", 137)


def test_a_job_that_requires_it_runs_in_an_empty_directory_which_is_deleted() -> None:
    it = job(
        "pwd; ls -A | wc -l; mkdir -p deep/er; touch deep/er/file; chmod 500 deep/er deep; exit 1",
        required_labels=("feature:workspace",),
    )
    with pytest.raises(RetryableError):
        run(it)
    path, count = text_of(it).split()
    assert ("workflow-graph-workspace-" in path, int(count)) == (True, 0)
    assert not Path(path).parent.exists()


def test_the_workspaces_of_killed_workers_are_deleted_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    alive = FreshWorkspace()
    dead = tmp_path / "workflow-graph-workspace-dead"
    (dead / "workspace").mkdir(parents=True)
    subprocess.run(["mkfifo", str(dead / "alive")], check=True)
    unfinished = tmp_path / "workflow-graph-workspace-new"
    unfinished.mkdir()
    sweep_workspaces()
    assert [dead.exists(), alive.path.exists(), unfinished.exists()] == [False, True, True]
    alive.remove()
    assert not alive.path.parent.exists()


def test_a_worker_offers_what_its_executor_can_do() -> None:
    features = getattr(shell_executor(), "features")  # noqa: B009
    assert list(features) == ["feature:exit-codes", "feature:workspace"]
