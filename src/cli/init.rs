// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor init`: a policy for a checkout, after a look at it. What exists is never touched.

use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::CLEAN;
use super::args::Init;
use lictor::detect::{Detector, is_license_file};
use lictor::diag::{Failure, did_you_mean, visible};
use lictor::licenses::Licenses;
use lictor::model::FileKind;
use lictor::plan::content::Content;
use lictor::plan::{Checkout, View};
use lictor::policy::Policy;
use lictor::policy::sets::{SETS, Set};
use lictor::scan::DEFAULT_MAX_SIZE;

/// Where the files of a checkout's own policy are.
const DIRECTORY: &str = ".lictor";

/// What `git commit` runs.
const HOOK: &str = include_str!("../../docs/hooks/pre-commit");

pub fn run(args: &Init, licenses: &'static Licenses) -> anyhow::Result<u8> {
    let checkout = Checkout::find(&args.path, View::Worktree)?;
    let shown = visible(checkout.root.as_os_str().as_encoded_bytes());
    let directory = checkout.root.join(DIRECTORY);
    let asks = !args.yes && io::stdin().is_terminal();
    let found = look(&checkout, licenses)?;
    anstream::println!("Looked at {shown}:");
    match &found.license {
        Some(license) => anstream::println!("  it says its license: {license}"),
        None => anstream::println!("  it does not say its own license"),
    }
    for (context, globs) in &found.contexts {
        anstream::println!("  {context}: {}", globs.join(", "));
    }
    let set = match &args.from {
        Some(name) => named(name)?,
        None if asks => ask_set()?,
        None => {
            return Err(Failure::new("nothing says which ready-made policy to begin with")
                .help(format!("name one with --from: {}", names().join(", ")))
                .into());
        }
    };
    let outbound = match &args.outbound {
        Some(expression) => Some(expression.clone()),
        None if asks => ask_outbound(found.license.as_deref())?,
        None => None,
    };
    if let Some(Err(e)) = outbound.as_deref().map(|o| licenses.parse(o)) {
        let failure = Failure::new(visible(e.message.as_bytes()));
        return Err(Failure { help: e.help, ..failure }.into());
    }
    let hook = args.hook || asks && yes("Stop commits that bring in what is denied (git hook)?")?;
    let name = checkout.root.file_name().map_or("ours".into(), |n| n.to_string_lossy());
    let files = [
        ("policy.toml", policy(&name, outbound.as_deref(), &found)),
        ("base.toml", set.text.to_owned()),
        ("waivers.toml", WAIVERS.to_owned()),
        ("curations.toml", CURATIONS.to_owned()),
    ];
    let hooks = if hook { Some(hook_path(&checkout)?) } else { None };
    let new: Vec<PathBuf> = files.iter().map(|(name, _)| directory.join(name)).collect();
    for path in new.iter().chain(&hooks) {
        if path.symlink_metadata().is_ok() {
            let path = visible(path.as_os_str().as_encoded_bytes());
            return Err(Failure::new(format!("{path} is there already"))
                .help("take it away first; nothing was written")
                .into());
        }
    }
    let cannot = |path: &Path, e: io::Error| {
        let path = visible(path.as_os_str().as_encoded_bytes());
        Failure::new(format!("cannot write {path}")).caused_by(e)
    };
    std::fs::create_dir_all(&directory).map_err(|e| cannot(&directory, e))?;
    for (path, (_, text)) in new.iter().zip(&files) {
        std::fs::write(path, text).map_err(|e| cannot(path, e))?;
        anstream::println!("wrote {}", visible(path.as_os_str().as_encoded_bytes()));
    }
    let path = directory.join("policy.toml");
    Policy::load(&path, licenses)?;
    if let Some(path) = hooks {
        let write = || {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, HOOK)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        };
        write().map_err(|e| cannot(&path, e))?;
        anstream::println!("wrote {}", visible(path.as_os_str().as_encoded_bytes()));
    }
    anstream::println!(
        "\nNow: read {DIRECTORY}/policy.toml, then\n  lictor policy test {DIRECTORY}/policy.toml\n  lictor scan --policy {DIRECTORY}/policy.toml"
    );
    Ok(CLEAN)
}

/// What is to be seen of a checkout.
struct Found {
    /// What its license files and manifests at the top say.
    license: Option<String>,
    /// Directories that mean something, and are not known by their usual names.
    contexts: Vec<(&'static str, Vec<String>)>,
}

/// Names of directories at the top that are mostly used in one way.
const DIRECTORIES: [(&str, &[&str]); 3] = [
    ("internal", &["tools", "hack", "infra", "ops", "deploy", "devtools"]),
    ("test", &["e2e", "integration", "qa", "mocks", "samples"]),
    ("docs", &["website", "site", "manual", "guides"]),
];

fn look(checkout: &Checkout, licenses: &'static Licenses) -> Result<Found, Failure> {
    let shown = visible(checkout.root.as_os_str().as_encoded_bytes());
    let cannot = |e| Failure::new(format!("cannot list {shown}")).caused_by(e);
    let mut names: Vec<(String, bool)> = Vec::new();
    for entry in std::fs::read_dir(&checkout.root).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let is_directory = entry.file_type().is_ok_and(|t| t.is_dir());
        names.extend(entry.file_name().into_string().ok().map(|name| (name, is_directory)));
    }
    names.sort();
    let detector = Detector::new(licenses);
    let reader = checkout.reader(DEFAULT_MAX_SIZE)?;
    let says = |wanted: &dyn Fn(&str) -> bool| {
        let mut content = Vec::new();
        let files = names.iter().filter(|(name, is_directory)| !is_directory && wanted(name));
        let mut said = files.filter_map(|(name, _)| {
            let read = reader.read(name.as_bytes(), None, &mut content).ok()?;
            matches!(read, Content::Read(_)).then_some(())?;
            detector.detect(&content, FileKind::of(name.as_bytes())).expression
        });
        said.next().map(|e| e.to_string())
    };
    // A manifest says whether several license files are a choice.
    let license = says(&|name| FileKind::of(name.as_bytes()) != FileKind::Plain)
        .or_else(|| says(&|name| is_license_file(name.as_bytes())));
    let there: BTreeSet<&str> =
        names.iter().filter(|(_, is_directory)| *is_directory).map(|(n, _)| n.as_str()).collect();
    let contexts = DIRECTORIES.iter().filter_map(|(context, list)| {
        let globs: Vec<String> =
            list.iter().filter(|d| there.contains(**d)).map(|d| format!("{d}/**")).collect();
        (!globs.is_empty()).then_some((*context, globs))
    });
    Ok(Found { license, contexts: contexts.collect() })
}

const WAIVERS: &str = "# Granted exceptions. `lictor waive VIOLATION --to FILE` writes an entry.
version = 1
";

const CURATIONS: &str =
    "# Corrections of what was detected. `lictor curate PATH --to FILE` writes an entry.
version = 1
";

fn policy(name: &str, outbound: Option<&str>, found: &Found) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = format!(
        "# What we think of the licenses in this checkout. base.toml is the ready-made policy that\n\
         # it begins with; what stands here goes beside it.\n\
         version = 1\nname = {}\ninclude = [\"base.toml\"]\n\n[waivers]\nfiles = \"waivers.toml\"\n\
         max-days = 366\n\n[curations]\nfiles = \"curations.toml\"\n",
        quoted(name)
    );
    if !found.contexts.is_empty() {
        text.push_str(
            "\n# How directories are used; common ones (tests, docs) are known.\n[contexts]\n",
        );
        for (context, globs) in &found.contexts {
            let globs: Vec<String> = globs.iter().map(|g| quoted(g)).collect();
            text.push_str(&format!("{context} = [{}]\n", globs.join(", ")));
        }
    }
    if let Some(outbound) = outbound {
        text.push_str(&format!(
            "\n# Under which license it is given out.\n[outbound]\n\"**\" = {}\n",
            quoted(outbound)
        ));
    }
    text
}

fn names() -> Vec<&'static str> {
    SETS.iter().map(|s| s.name).collect()
}

fn named(name: &str) -> Result<&'static Set, Failure> {
    SETS.iter().find(|s| s.name == name).ok_or_else(|| {
        let help = did_you_mean(name, &names())
            .unwrap_or_else(|| format!("there are: {}", names().join(", ")));
        Failure::new(format!("there is no ready-made policy `{}`", visible(name.as_bytes())))
            .help(help)
    })
}

fn line(question: &str) -> Result<String, Failure> {
    anstream::print!("{question} ");
    let mut line = String::new();
    let read = io::stdout().flush().and_then(|()| io::stdin().lock().read_line(&mut line));
    match read {
        Ok(0) => Err(Failure::new("no answer; nothing was written")),
        Ok(_) => Ok(line.trim().to_owned()),
        Err(e) => Err(Failure::new("cannot read the answer").caused_by(e)),
    }
}

fn ask_set() -> Result<&'static Set, Failure> {
    anstream::println!("\nWhat is it?");
    for (n, set) in SETS.iter().enumerate() {
        anstream::println!("  {} {} ({})", n + 1, set.says, set.name);
    }
    loop {
        let answer = line("A number:")?;
        let number = answer.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        if let Some(set) = number.and_then(|n| SETS.get(n)) {
            return Ok(set);
        }
    }
}

fn ask_outbound(found: Option<&str>) -> Result<Option<String>, Failure> {
    let hint = found.map_or(String::new(), |f| format!(", for example {f}"));
    let answer = line(&format!(
        "Under which license is it given out (an SPDX expression{hint}; empty if under none)?"
    ))?;
    Ok((!answer.is_empty()).then_some(answer))
}

fn yes(question: &str) -> Result<bool, Failure> {
    Ok(line(&format!("{question} [y/N]"))?.to_ascii_lowercase().starts_with('y'))
}

/// Where git looks for the hook.
fn hook_path(checkout: &Checkout) -> Result<PathBuf, Failure> {
    checkout.hooks().map(|hooks| hooks.join("pre-commit")).ok_or_else(|| {
        Failure::new("there is no git repository for the hook")
            .help("leave out --hook, or begin with `git init`")
    })
}
