use std::collections::{HashMap, HashSet};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::Child;
use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(50);
/// How long to keep killing new processes.
const KILL_MAX: Duration = Duration::from_secs(3);

/// What runs now.
static LIVE: Mutex<Vec<Arc<JobProcesses>>> = Mutex::new(Vec::new());

/// Kills the processes of all shell jobs of this process, for a program that is about to exit without waiting for them.
pub fn kill_running_jobs() {
    let jobs = live().clone();
    let kill_ends = std::time::Instant::now() + KILL_MAX;
    // One that was started while the others were looked for is met by the next look.
    while jobs.iter().filter(|job| job.kill()).count() > 0 && std::time::Instant::now() < kill_ends {
        std::thread::sleep(POLL / 5);
    }
}

fn live() -> MutexGuard<'static, Vec<Arc<JobProcesses>>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the processes of one job. When this is dropped while the job runs, they are killed.
pub(super) struct ProcessTree {
    processes: Arc<JobProcesses>,
    has_ended: AtomicBool,
}

/// All processes of one job: the group that its shell leads, and on Linux also those that left the group. They are found
/// by their ancestry, and, once that is broken by a parent's end, by a variable of the environment that the job was
/// started with. A process that both left its ancestors and changed that variable is out of reach.
struct JobProcesses {
    /// None if the shell has exited already.
    group: Option<Pid>,
    marker: Vec<u8>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// What was found once stays known when its parent ends. Pids with their start times.
    known: HashMap<i32, String>,
    /// Processes whose environment was read and lacks the marker.
    strangers: HashMap<i32, String>,
}

impl ProcessTree {
    /// The child must lead its own group.
    pub fn of(child: &Child, attempt_id: &str) -> Self {
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let marker = format!("WORKFLOW_GRAPH_ATTEMPT_ID={attempt_id}").into_bytes();
        let processes = Arc::new(JobProcesses { group, marker, seen: Mutex::default() });
        live().push(Arc::clone(&processes));
        Self { processes, has_ended: AtomicBool::new(false) }
    }

    /// The shell has exited, and its remaining processes were ended.
    pub fn ended(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }

    /// Whether the group has a process that still runs.
    pub fn group_is_alive(&self) -> bool {
        self.processes.group_is_alive()
    }

    /// Asks all processes to end (SIGTERM) and forces those that are left after the grace (SIGKILL). What they start to
    /// clean up, such as the commands of a trap, is not asked: it has the whole grace.
    pub async fn end(&self, grace: Duration) {
        let mut asked = HashSet::new();
        let grace_ends = Instant::now() + grace;
        while Instant::now() < grace_ends {
            if !self.processes.ask_to_end(&mut asked) {
                return;
            }
            sleep(POLL.min(grace_ends.saturating_duration_since(Instant::now()))).await;
        }
        let kill_ends = Instant::now() + KILL_MAX;
        while self.processes.kill() && Instant::now() < kill_ends {
            sleep(POLL).await;
        }
    }
}

impl Drop for ProcessTree {
    fn drop(&mut self) {
        live().retain(|live| !Arc::ptr_eq(live, &self.processes));
        // After an orderly end the group's number may be another's.
        if !self.has_ended.load(Ordering::Relaxed) {
            self.processes.kill();
        }
    }
}

impl JobProcesses {
    fn group_is_alive(&self) -> bool {
        let Some(group) = self.group else { return false };
        if test_kill_process_group(group).is_err() {
            return false;
        }
        if cfg!(not(target_os = "linux")) {
            return true;
        }
        list_processes().iter().any(|process| process.group == group.as_raw_nonzero().get() && !process.is_zombie)
    }

    /// False when no process is left. The group is asked by one signal at the first call, which misses none that forks at
    /// that moment. Who joins it later was started by one that was asked. `asked` also holds those that are spared for that
    /// reason.
    fn ask_to_end(&self, asked: &mut HashSet<i32>) -> bool {
        let is_first = asked.is_empty();
        if cfg!(not(target_os = "linux")) {
            let Some(group) = self.group else { return false };
            asked.insert(group.as_raw_nonzero().get());
            let signalled =
                if is_first { kill_process_group(group, Signal::TERM) } else { test_kill_process_group(group) };
            return signalled.is_ok();
        }
        let members = self.members();
        let live: HashSet<i32> = members.iter().map(|process| process.pid).collect();
        let in_group =
            |process: &Process| self.group.is_some_and(|group| group.as_raw_nonzero().get() == process.group);
        if let Some(group) = self.group.filter(|_| is_first && members.iter().any(in_group)) {
            let _ = kill_process_group(group, Signal::TERM);
        }
        for process in &members {
            let is_spared = !is_first && live.contains(&process.parent) && asked.contains(&process.parent);
            if asked.insert(process.pid) && !in_group(process) && !is_spared {
                signal_process(process.pid, Signal::TERM);
            }
        }
        !members.is_empty()
    }

    /// False when no process is left.
    fn kill(&self) -> bool {
        if cfg!(not(target_os = "linux")) {
            return self.group.is_some_and(|group| kill_process_group(group, Signal::KILL).is_ok());
        }
        let members = self.members();
        for process in &members {
            signal_process(process.pid, Signal::KILL);
        }
        !members.is_empty()
    }

    /// The job's live processes from one pass over /proc, oldest first, so that a parent is asked
    /// to end before its children.
    fn members(&self) -> Vec<Process> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let group = self.group.map(|group| group.as_raw_nonzero().get());
        let own_pid = i32::try_from(std::process::id()).ok();
        let processes = list_processes();
        let (mut members, mut undecided): (HashMap<i32, &Process>, Vec<&Process>) = (HashMap::new(), Vec::new());
        for process in processes.iter().filter(|process| Some(process.pid) != own_pid) {
            let is_known = seen.known.get(&process.pid) == Some(&process.start_time);
            if Some(process.group) == group || is_known || self.is_marked(process, &mut seen.strangers) {
                members.insert(process.pid, process);
            } else {
                undecided.push(process);
            }
        }
        loop {
            let (children, others): (Vec<_>, Vec<_>) =
                undecided.into_iter().partition(|process| members.contains_key(&process.parent));
            if children.is_empty() {
                break;
            }
            members.extend(children.into_iter().map(|process| (process.pid, process)));
            undecided = others;
        }
        seen.known.extend(members.values().map(|process| (process.pid, process.start_time.clone())));
        let mut live: Vec<&Process> = members.into_values().filter(|process| !process.is_zombie).collect();
        live.sort_unstable_by_key(|process| process.age_key());
        live.into_iter().cloned().collect()
    }

    fn is_marked(&self, process: &Process, strangers: &mut HashMap<i32, String>) -> bool {
        if strangers.get(&process.pid) == Some(&process.start_time) {
            return false;
        }
        // That of another user may not be read, and is none of the job's.
        let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        let is_marked = environment.split(|&byte| byte == 0).any(|variable| variable == self.marker);
        if !is_marked {
            strangers.insert(process.pid, process.start_time.clone());
        }
        is_marked
    }
}

#[derive(Clone)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    is_zombie: bool,
    /// With the pid, distinguishes a process from a later one with the same pid.
    start_time: String,
}

impl Process {
    /// Sorts the oldest first.
    fn age_key(&self) -> (u64, i32) {
        (self.start_time.parse().unwrap_or(u64::MAX), self.pid)
    }
}

/// A process that has exited since, or is another user's, is ignored.
fn signal_process(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn list_processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| read_process(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// None if the process has exited since it was listed.
fn read_process(pid: i32) -> Option<Process> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The second field is the name in brackets, and may hold anything; the fields after it are plain.
    let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split(' ').collect();
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        start_time: (*fields.get(19)?).to_owned(),
    })
}
