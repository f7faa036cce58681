use std::collections::{HashMap, HashSet};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::Child;
use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(50);
/// How long to go on killing what keeps appearing.
const KILL_MAX: Duration = Duration::from_secs(3);

/// Groups of jobs that run now.
static LIVE_GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Ends the process groups of all shell jobs of this process by force, for a program that is about to exit without
/// waiting for them.
pub fn kill_running_jobs() {
    for group in live_groups().iter() {
        // One that has ended meanwhile is no matter.
        let _ = kill_process_group(*group, Signal::KILL);
    }
}

fn live_groups() -> MutexGuard<'static, Vec<Pid>> {
    LIVE_GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All processes of one job: the group that its shell leads, and on Linux also those that left the group. They are found
/// by their ancestry, and, once that is broken by a parent's end, by a variable of the environment that the job was
/// started with. A process that both left its ancestors and changed that variable is out of reach.
///
/// When this is dropped while the job runs, the group is ended by force.
pub(super) struct ProcessTree {
    /// None when the shell has ended already.
    group: Option<Pid>,
    marker: Vec<u8>,
    has_ended: AtomicBool,
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
        live_groups().extend(group);
        let marker = format!("WORKFLOW_GRAPH_ATTEMPT_ID={attempt_id}").into_bytes();
        Self { group, marker, has_ended: AtomicBool::new(false), seen: Mutex::default() }
    }

    /// The shell has ended, and what it left was ended.
    pub fn ended(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }

    /// Whether the group has a process that still runs.
    pub fn group_is_alive(&self) -> bool {
        let Some(group) = self.group else { return false };
        if test_kill_process_group(group).is_err() {
            return false;
        }
        if cfg!(not(target_os = "linux")) {
            return true;
        }
        list_processes().iter().any(|process| process.group == group.as_raw_nonzero().get() && !process.is_zombie)
    }

    /// Asks all processes to end (SIGTERM) and forces those that are left after the grace (SIGKILL).
    pub async fn end(&self, grace: Duration) {
        let mut asked = HashSet::new();
        let grace_ends = Instant::now() + grace;
        while Instant::now() < grace_ends {
            if !self.signal_all(Signal::TERM, Some(&mut asked)) {
                return;
            }
            sleep(POLL.min(grace_ends.saturating_duration_since(Instant::now()))).await;
        }
        let kill_ends = Instant::now() + KILL_MAX;
        while self.signal_all(Signal::KILL, None) && Instant::now() < kill_ends {
            sleep(POLL).await;
        }
    }

    /// Signals each process that was not asked yet; false when none is left.
    fn signal_all(&self, signal: Signal, asked: Option<&mut HashSet<i32>>) -> bool {
        if cfg!(target_os = "linux") { self.signal_members(signal, asked) } else { self.signal_group(signal, asked) }
    }

    fn signal_group(&self, signal: Signal, asked: Option<&mut HashSet<i32>>) -> bool {
        let Some(group) = self.group else { return false };
        let is_new = asked.is_none_or(|asked| asked.insert(group.as_raw_nonzero().get()));
        let result = if is_new { kill_process_group(group, signal) } else { test_kill_process_group(group) };
        result.is_ok()
    }

    fn signal_members(&self, signal: Signal, mut asked: Option<&mut HashSet<i32>>) -> bool {
        let members = self.members();
        for &pid in &members {
            let is_new = asked.as_deref_mut().is_none_or(|asked| asked.insert(pid));
            if let Some(pid) = Pid::from_raw(pid).filter(|_| is_new) {
                // One that has ended since, or is another user's, is no matter.
                let _ = rustix::process::kill_process(pid, signal);
            }
        }
        !members.is_empty()
    }

    /// The job's live processes, by one look at /proc; the oldest first, so that a parent is asked to end before it sees
    /// its children gone.
    fn members(&self) -> Vec<i32> {
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
        live.into_iter().map(|process| process.pid).collect()
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

impl Drop for ProcessTree {
    fn drop(&mut self) {
        let Some(group) = self.group else { return };
        live_groups().retain(|live| *live != group);
        // After an orderly end the group's number may be another's.
        if !self.has_ended.load(Ordering::Relaxed) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    is_zombie: bool,
    /// With the pid, tells a process from a later one of the same number.
    start_time: String,
}

impl Process {
    /// Sorts the oldest first.
    fn age_key(&self) -> (u64, i32) {
        (self.start_time.parse().unwrap_or(u64::MAX), self.pid)
    }
}

fn list_processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| read_process(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// None when the process has ended since it was listed.
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
