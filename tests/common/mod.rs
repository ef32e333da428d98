// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! A sandbox for tests of the whole program: own directories, own environment, real git.

#![allow(dead_code, reason = "every test file uses its own part of this")]

pub mod known;
pub mod receiver;
pub mod service;

use std::ffi::{OsStr, OsString};
use std::fs::{File, FileTimes};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tempfile::TempDir;

/// The uid of `nobody`, for what root would be allowed to do.
const NOBODY: u32 = 65534;

/// A directory to work in, with a home, a state and a configuration of its own.
#[derive(Clone)]
pub struct Sandbox {
    temp: Arc<TempDir>,
    /// Where commands run and what paths are relative to.
    pub dir: PathBuf,
    env: Vec<(OsString, OsString)>,
    /// Run lictor as `nobody`, by a copy of the binary that `nobody` can reach.
    as_nobody: Option<PathBuf>,
}

/// What a run of lictor came to.
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    /// `None` when it died of a signal.
    pub code: Option<i32>,
    pub raw: Vec<u8>,
}

impl Sandbox {
    /// An empty directory that is in no repository.
    pub fn new() -> Sandbox {
        let temp = tempfile::Builder::new().prefix("lictor-test-").tempdir();
        let temp = Arc::new(temp.expect("a temporary directory"));
        let root = std::fs::canonicalize(temp.path()).expect("the temporary directory's real path");
        for dir in ["home", "state", "config", "work"] {
            std::fs::create_dir(root.join(dir)).expect("a directory of the sandbox");
        }
        let mut env: Vec<(OsString, OsString)> = [
            ("HOME", root.join("home")),
            ("XDG_STATE_HOME", root.join("state")),
            ("XDG_CONFIG_HOME", root.join("config")),
            ("PATH", std::env::var_os("PATH").unwrap_or_default().into()),
        ]
        .into_iter()
        .map(|(k, v)| (k.into(), v.into()))
        .collect();
        for (k, v) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CEILING_DIRECTORIES", "/"),
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ("GIT_AUTHOR_DATE", "2020-02-02T02:02:02Z"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@example.org"),
            ("GIT_COMMITTER_DATE", "2020-02-02T02:02:02Z"),
            ("LC_ALL", "C.UTF-8"),
            ("TZ", "UTC"),
        ] {
            env.push((k.into(), v.into()));
        }
        Sandbox { dir: root.join("work"), temp, env, as_nobody: None }
    }

    /// The same sandbox, working in the directory of its state.
    pub fn at_state(&self) -> Sandbox {
        Sandbox { dir: self.state_dir(), ..self.clone() }
    }

    /// An empty git repository.
    pub fn repo() -> Sandbox {
        let s = Sandbox::new();
        s.git(&["init", "-q", "-b", "main"]);
        s
    }

    /// The same sandbox, working in another directory, which is made.
    pub fn at(&self, relative: impl AsRef<Path>) -> Sandbox {
        let dir = self.dir.join(relative);
        std::fs::create_dir_all(&dir).expect("a directory in the sandbox");
        let dir = std::fs::canonicalize(dir).expect("a real path");
        Sandbox { dir, ..self.clone() }
    }

    /// The same sandbox with one more variable in the environment of commands.
    pub fn with(&self, name: &str, value: impl AsRef<OsStr>) -> Sandbox {
        let mut s = self.without(name);
        s.env.push((name.into(), value.as_ref().into()));
        s
    }

    pub fn without(&self, name: &str) -> Sandbox {
        let mut s = self.clone();
        s.env.retain(|(k, _)| k != name);
        s
    }

    /// The same sandbox in which lictor runs without the rights of root.
    pub fn unprivileged(&self) -> Sandbox {
        if !is_root() {
            return self.clone();
        }
        let root = self.temp.path();
        let binary = root.join("lictor");
        std::fs::copy(env!("CARGO_BIN_EXE_lictor"), &binary).expect("a copy of the binary");
        set_mode(root, 0o755);
        for dir in ["home", "state", "config"] {
            set_mode(&root.join(dir), 0o777);
        }
        Sandbox { as_nobody: Some(binary), ..self.clone() }
    }

    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.dir.join(relative)
    }

    /// Where the store is when nothing else is said.
    pub fn store(&self) -> PathBuf {
        self.state_dir().join("lictor/lictor.db")
    }

    pub fn state_dir(&self) -> PathBuf {
        let state = self.env.iter().find(|(k, _)| k == "XDG_STATE_HOME");
        PathBuf::from(&state.expect("XDG_STATE_HOME is set").1)
    }

    /// Writes a file, old enough that neither git nor lictor doubts its time.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        self.write_at(path, bytes, 0);
    }

    /// The same, `later` seconds younger.
    pub fn write_at(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>, later: u64) {
        let path = self.path(path);
        let parent = path.parent().expect("a file has a directory");
        std::fs::create_dir_all(parent).expect("the directory of a file");
        std::fs::write(&path, bytes).expect("writing a file");
        touch(&path, later);
    }

    pub fn append(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>, later: u64) {
        let mut whole = std::fs::read(self.path(&path)).expect("reading a file");
        whole.extend_from_slice(bytes.as_ref());
        self.write_at(path, whole, later);
    }

    pub fn remove(&self, path: impl AsRef<Path>) {
        std::fs::remove_file(self.path(path)).expect("removing a file");
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.env.iter().map(|(k, v)| (k, v)));
        command.current_dir(&self.dir).stdin(Stdio::null());
        command
    }

    /// Runs git, which must succeed; gives its output without the last line's end.
    pub fn git(&self, args: &[&str]) -> String {
        let done = self.try_git(args);
        done.unwrap_or_else(|e| {
            assert!(e.is_empty(), "git {args:?} failed: {e}");
            e
        })
    }

    pub fn try_git(&self, args: &[&str]) -> Result<String, String> {
        // Clones of directories, submodules and other people's directories are what is tested.
        let base = ["-c", "protocol.file.allow=always", "-c", "safe.directory=*"];
        let quiet = ["-c", "gc.auto=0", "-c", "advice.detachedHead=false"];
        let out = self.command("git").args(base).args(quiet).args(args).output();
        let out = out.expect("git can be started");
        let text = |b: &[u8]| String::from_utf8_lossy(b).trim_end().to_owned();
        if out.status.success() {
            Ok(text(&out.stdout))
        } else {
            Err(format!("{}: {}", out.status, text(&out.stderr)))
        }
    }

    /// Commits everything in the work tree that is not ignored.
    pub fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "c"]);
    }

    pub fn lictor_command<A: AsRef<OsStr>>(&self, args: &[A]) -> Command {
        let mut command = match &self.as_nobody {
            Some(binary) => {
                let mut command = self.command(binary);
                command.uid(NOBODY).gid(NOBODY);
                command
            }
            None => self.command(env!("CARGO_BIN_EXE_lictor")),
        };
        command.args(args);
        command
    }

    /// Runs lictor to its end.
    pub fn lictor<A: AsRef<OsStr>>(&self, args: &[A]) -> Run {
        let mut command = self.lictor_command(args);
        // A copy of the binary is busy for as long as a process that another test is just starting
        // holds the file by which it was written.
        let out = loop {
            match command.output() {
                Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                    std::thread::yield_now();
                }
                other => break other,
            }
        };
        let out = out.expect("lictor can be started");
        Run {
            stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
            code: out.status.code(),
            raw: out.stdout,
        }
    }

    /// Starts lictor with its output in pipes.
    pub fn start<A: AsRef<OsStr>>(&self, args: &[A]) -> Child {
        let mut command = self.lictor_command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("lictor can be started")
    }

    /// The JSON report of a scan with these arguments, whatever its exit code.
    pub fn scan_json(&self, args: &[&str]) -> Value {
        let args = [&["scan", "--format", "json"], args].concat();
        self.lictor(&args).json()
    }

    /// How many contents a scan with these arguments reads.
    pub fn reads(&self, args: &[&str]) -> u64 {
        self.lictor(&[&["scan"], args].concat()).contents_read()
    }

    /// The findings that the store gives for these arguments.
    pub fn findings(&self, args: &[&str]) -> Vec<Value> {
        let run = self.lictor(&[&["findings", "--format", "jsonl"], args].concat());
        run.expect(0);
        run.json_lines()
    }
}

/// As people read it, for messages of tests that fail.
impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Run { stdout, stderr, code, .. } = self;
        write!(f, "exit code {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
    }
}

impl Run {
    /// Fails unless the exit code is this one.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &Run {
        assert_eq!(self.code, Some(code), "another exit code was expected: {self:#?}");
        self
    }

    /// Fails unless all of this stands on standard error.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) -> &Run {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not said: {self:#?}");
        }
        assert!(!self.stderr.contains("panicked"), "it panicked: {self:#?}");
        self
    }

    /// Fails unless all of this stands on standard output.
    #[track_caller]
    pub fn shows(&self, parts: &[&str]) -> &Run {
        for part in parts {
            assert!(self.stdout.contains(part), "`{part}` is not shown: {self:#?}");
        }
        self
    }

    /// Fails if any of this stands on standard output.
    #[track_caller]
    pub fn hides(&self, parts: &[&str]) -> &Run {
        for part in parts {
            assert!(!self.stdout.contains(part), "`{part}` is shown: {self:#?}");
        }
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_slice(&self.raw);
        assert!(parsed.is_ok(), "the output is no JSON ({parsed:?}): {self:#?}");
        parsed.expect("checked above")
    }

    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let lines: Result<Vec<Value>, _> = self.stdout.lines().map(serde_json::from_str).collect();
        assert!(lines.is_ok(), "a line is no JSON ({lines:?}): {self:#?}");
        lines.expect("checked above")
    }

    /// The number in "12 contents were read".
    #[track_caller]
    pub fn contents_read(&self) -> u64 {
        let line = self.stdout.lines().find(|l| l.contains(" contents were read"));
        let word = line.and_then(|l| l.split_whitespace().next());
        let number = word.and_then(|w| w.replace(',', "").parse().ok());
        assert!(number.is_some(), "the report does not say how much was read: {self:#?}");
        number.expect("checked above")
    }
}

/// The paths in a report, with the expressions found there.
pub fn found(report: &Value) -> Vec<(String, Option<String>)> {
    let checkouts = report["checkouts"].as_array().expect("a report has checkouts");
    checkouts
        .iter()
        .flat_map(|c| c["found"].as_array().expect("a checkout has files"))
        .map(|f| {
            let path = f["path"].as_str().expect("a file has a path").to_owned();
            (path, f["expression"].as_str().map(str::to_owned))
        })
        .collect()
}

/// The paths in a report.
pub fn paths(report: &Value) -> Vec<String> {
    found(report).into_iter().map(|(path, _)| path).collect()
}

/// The expression found at a path.
#[track_caller]
pub fn expression(report: &Value, path: &str) -> Option<String> {
    let file = found(report).into_iter().find(|(p, _)| p == path);
    assert!(file.is_some(), "{path} is not in the report: {report:#}");
    file.and_then(|(_, e)| e)
}

/// What a report says was not looked at, as path and reason.
pub fn not_looked(report: &Value) -> Vec<(String, String)> {
    let checkouts = report["checkouts"].as_array().expect("a report has checkouts");
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    checkouts
        .iter()
        .flat_map(|c| c["not_looked_at"].as_array().expect("a list"))
        .map(|n| (text(&n["path"]), text(&n["why"])))
        .collect()
}

/// A tag, in two parts so that this file does not tag itself.
pub fn tag(expression: &str) -> String {
    format!("// SPDX-License-{}: {expression}\nint x;\n", "Identifier")
}

/// The full text of a license.
pub fn text(id: &str) -> &'static str {
    id.parse::<&dyn license::License>().expect("a license of the list").text()
}

/// Sets a file's time to a moment in 2020, `later` seconds after the usual one.
pub fn touch(path: &Path, later: u64) {
    let moment = UNIX_EPOCH + Duration::from_secs(1_580_000_000 + later);
    set_time(path, moment);
}

pub fn set_time(path: &Path, moment: SystemTime) {
    let file = File::options().write(true).open(path).expect("opening a file to set its time");
    let times = FileTimes::new().set_modified(moment).set_accessed(moment);
    file.set_times(times).expect("setting a file's time");
}

pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).expect("setting a mode");
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A name of any bytes.
pub fn name(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

/// Sends a signal to a child that was started by the test.
pub fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(child);
    // It may have ended by itself a moment ago.
    let _ = rustix::process::kill_process(pid, signal);
}

/// Waits for a child and collects what it wrote.
pub fn finish(child: Child) -> Run {
    let out = child.wait_with_output().expect("waiting for lictor");
    assert!(
        out.status.code().is_some() || out.status.signal().is_some(),
        "a process ends by a code or a signal"
    );
    Run {
        stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
        code: out.status.code(),
        raw: out.stdout,
    }
}

/// Makes everything below a directory belong to a user.
pub fn chown_all(path: &Path, uid: u32) {
    std::os::unix::fs::lchown(path, Some(uid), Some(uid)).expect("giving a file away");
    if path.symlink_metadata().expect("a file's data").is_dir() {
        for entry in std::fs::read_dir(path).expect("listing a directory") {
            chown_all(&entry.expect("an entry").path(), uid);
        }
    }
}
