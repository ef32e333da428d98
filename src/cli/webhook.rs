// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor webhook`: try endpoints, see what was delivered to them, deliver it again, and exchange
//! their secrets. What is sent by itself is sent by the service.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

use super::args::{
    Deliveries, DeliveriesFormat, Replay, Resume, RotateSecret, SecretCommand, ServiceStore,
    ShowEvent, Webhook, WebhookTest,
};
use super::output::Output;
use super::{CLEAN, FAILED};
use lictor::clock::Moment;
use lictor::config::{self, Config, SecretSource};
use lictor::deliver::{self, Endpoint, secret};
use lictor::diag::{Failure, visible};
use lictor::store::{Delivery, DeliveryFilter, DeliveryState, EndpointState, Event, Store};

pub fn run(command: &Webhook) -> anyhow::Result<u8> {
    match command {
        Webhook::Test(args) => test(args),
        Webhook::Deliveries(args) => deliveries(args),
        Webhook::Replay(args) => replay(args),
        Webhook::Show(args) => show(args),
        Webhook::Resume(args) => resume(args),
        Webhook::Secret(SecretCommand::New { ed25519 }) => new_secret(*ed25519),
        Webhook::Secret(SecretCommand::Rotate(args)) => rotate(args),
        Webhook::Secret(SecretCommand::Retire(args)) => retire(args),
    }
}

/// The store of the service.
fn open(args: &ServiceStore) -> anyhow::Result<Store> {
    let path = match &args.store {
        Some(path) => path.clone(),
        None => Config::load(&args.config)?.store,
    };
    Ok(Store::open_existing(&path)?)
}

fn find<'c>(config: &'c Config, name: &str) -> Result<&'c config::Webhook, Failure> {
    config.webhooks.iter().find(|w| w.name == name).ok_or_else(|| {
        let known: Vec<&str> = config.webhooks.iter().map(|w| w.name.as_str()).collect();
        let help = match &known[..] {
            [] => "add a table `[[webhook]]` to the configuration".to_owned(),
            known => format!("configured are: {}", known.join(", ")),
        };
        Failure::new(format!("there is no webhook {}", visible(name.as_bytes()))).help(help)
    })
}

fn test(args: &WebhookTest) -> anyhow::Result<u8> {
    let config = Config::load(&args.config.config)?;
    let webhook = find(&config, &args.name)?;
    let endpoint = Endpoint::load(webhook)?;
    let message = deliver::test_message(&webhook.name, args.kind);
    let body = endpoint.body(&message)?;
    let mut out = Output::open(None)?;
    if args.dry_run {
        writeln!(out, "content-type: {}", body.content_type)?;
        writeln!(out, "webhook-id: {}\n", message.data.id)?;
        out.write_all(&body.bytes)?;
        writeln!(out)?;
        out.finish()?;
        return Ok(CLEAN);
    }
    let answered = endpoint.send(&message.data.id, &body, Moment::now());
    let took = answered.took.as_millis();
    let name = &webhook.name;
    match answered.status {
        Some(status) if answered.is_success() => {
            writeln!(out, "{name} took it: {status}, {took} ms, webhook-id {}", message.data.id)?;
        }
        Some(status) => {
            writeln!(out, "{name} did not take it: {status}, {took} ms")?;
            if !answered.said.is_empty() {
                writeln!(out, "  it said: {}", answered.said)?;
            }
            writeln!(out, "  help: {}", advice(status))?;
        }
        None => writeln!(out, "{name} was not reached: {}, {took} ms", answered.said)?,
    }
    out.finish()?;
    Ok(if answered.is_success() { CLEAN } else { FAILED })
}

/// What a status mostly means.
fn advice(status: u16) -> &'static str {
    match status {
        300..400 => "it leads elsewhere, and redirects are not followed: configure where it leads",
        401 | 403 => "the receiver does not believe the signature: compare the secrets",
        404 => "the address is wrong, or what was there is gone",
        410 => "the receiver wants nothing more; the service would tell it nothing again",
        413 | 415 | 422 | 400 => "the receiver does not take this body: see `format`",
        429 | 502..=504 => "the receiver is busy; the service would try again later",
        _ => "see what the receiver has to say of it",
    }
}

fn deliveries(args: &Deliveries) -> anyhow::Result<u8> {
    let store = open(&args.store)?;
    let filter = DeliveryFilter {
        endpoint: args.webhook.clone(),
        state: args.pending.then_some(DeliveryState::Pending),
        failed: args.failed,
        since: args.since.map(ago),
        most: Some(args.most),
        ..DeliveryFilter::default()
    };
    let all = store.deliveries(&filter)?;
    let mut out = Output::open(None)?;
    match args.format {
        DeliveriesFormat::Jsonl => {
            for d in &all {
                writeln!(out, "{}", as_json(d))?;
            }
        }
        DeliveriesFormat::Human => human(&all, &mut out)?,
    }
    out.finish()?;
    Ok(CLEAN)
}

fn ago(span: std::time::Duration) -> Moment {
    let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    Moment(Moment::now().0.saturating_sub(span))
}

fn human(all: &[Delivery], out: &mut dyn Write) -> std::io::Result<()> {
    if all.is_empty() {
        return writeln!(out, "There are none.");
    }
    let wide = all.iter().map(|d| d.endpoint.len()).max().unwrap_or(0);
    for d in all {
        let (id, state) = (Uuid::from_bytes(d.uuid), d.state.as_str());
        let (made, kind) = (d.made.rfc3339(), visible(d.kind.as_bytes()));
        writeln!(out, "{made}  {id}  {:wide$}  {state:9}  {kind}", d.endpoint)?;
        let attempts = match d.attempts {
            0 => continue,
            1 if d.state == DeliveryState::Delivered => continue,
            1 => "tried once".to_owned(),
            n => format!("tried {n} times"),
        };
        let said = d.said.as_ref().map(|s| format!(", at last {}", visible(s.as_bytes())));
        let again =
            (d.state == DeliveryState::Pending).then(|| format!("; again {}", d.due.rfc3339()));
        let (said, again) = (said.unwrap_or_default(), again.unwrap_or_default());
        writeln!(out, "    {attempts}{said}{again}")?;
    }
    Ok(())
}

fn as_json(d: &Delivery) -> Value {
    json!({
        "id": Uuid::from_bytes(d.uuid).to_string(),
        "webhook": d.endpoint,
        "type": d.kind,
        "state": d.state,
        "made": d.made.rfc3339(),
        "due": (d.state == DeliveryState::Pending).then(|| d.due.rfc3339()),
        "attempts": d.attempts,
        "tried": d.tried.map(Moment::rfc3339),
        "status": d.status,
        "said": d.said,
        "message": serde_json::from_str::<Value>(&d.body).unwrap_or_default(),
    })
}

fn id(text: &str) -> Result<[u8; 16], Failure> {
    Uuid::parse_str(text).map(Uuid::into_bytes).map_err(|_| {
        Failure::new(format!("`{}` is no id of a message", visible(text.as_bytes())))
            .help("`lictor webhook deliveries` lists them")
    })
}

fn replay(args: &Replay) -> anyhow::Result<u8> {
    let store = open(&args.store)?;
    let filter = DeliveryFilter {
        endpoint: args.webhook.clone(),
        state: args.dead.then_some(DeliveryState::Dead),
        since: args.since.map(ago),
        uuid: args.id.as_deref().map(id).transpose()?,
        ..DeliveryFilter::default()
    };
    let found = store.deliveries(&filter)?;
    if found.is_empty() {
        let help = "`lictor webhook deliveries` lists what there is; what was ended long ago is \
                    forgotten (`retention.deliveries`)";
        return Err(Failure::new("there is no such message").help(help).into());
    }
    let ids: Vec<i64> = found.iter().map(|d| d.id).collect();
    let again = store.replay(&ids, Moment::now())?;
    let mut out = Output::open(None)?;
    let waiting = found.len() - again;
    write!(out, "{again} to be delivered again")?;
    if waiting > 0 {
        write!(out, ", {waiting} wait already")?;
    }
    writeln!(out)?;
    out.finish()?;
    Ok(CLEAN)
}

fn resume(args: &Resume) -> anyhow::Result<u8> {
    let store = open(&args.store)?;
    let Some(endpoint) = store.endpoint(&args.name)? else {
        let names: Vec<String> = store.endpoints()?.into_iter().map(|e| e.name).collect();
        let help = format!("known are: {}", names.join(", "));
        let shown = visible(args.name.as_bytes());
        return Err(Failure::new(format!("the store knows no webhook {shown}")).help(help).into());
    };
    let mut out = Output::open(None)?;
    match endpoint.state {
        EndpointState::Active => writeln!(out, "{} is told what happens", endpoint.name)?,
        EndpointState::Gone => {
            return Err(Failure::new(format!("{} is not configured any more", endpoint.name))
                .help("configure it; from then on it is told what happens")
                .into());
        }
        EndpointState::Suspended | EndpointState::Disabled => {
            let detail = json!({ "webhook": endpoint.name, "what": "by hand" });
            let told = Some(("webhook.resumed", &detail));
            store.set_endpoint_state(&endpoint.name, EndpointState::Active, told, Moment::now())?;
            writeln!(out, "{} is told what happens again", endpoint.name)?;
        }
    }
    out.finish()?;
    Ok(CLEAN)
}

fn show(args: &ShowEvent) -> anyhow::Result<u8> {
    let store = open(&args.store)?;
    let seq = args.event.parse::<i64>().ok();
    let uuid = if seq.is_none() { Some(id(&args.event)?) } else { None };
    let mut messages = match uuid {
        Some(uuid) => {
            store.deliveries(&DeliveryFilter { uuid: Some(uuid), ..DeliveryFilter::default() })?
        }
        None => Vec::new(),
    };
    let event = event(&store, seq, uuid)?;
    if let Some(event) = &event {
        let holding = Some(deliver::event_id(event.time, &event.hash).to_string());
        let more = store.deliveries(&DeliveryFilter { holding, ..DeliveryFilter::default() })?;
        messages.extend(
            more.into_iter().filter(|m| !messages.iter().any(|d| d.id == m.id)).collect::<Vec<_>>(),
        );
    }
    if event.is_none() && messages.is_empty() {
        let shown = visible(args.event.as_bytes());
        let help = "`lictor events` lists events, `lictor webhook deliveries` messages";
        return Err(Failure::new(format!("there is no event or message {shown}"))
            .help(help)
            .into());
    }
    let event = event.map(|e| {
        json!({
            "seq": e.seq,
            "id": deliver::event_id(e.time, &e.hash).to_string(),
            "at": e.time.rfc3339(),
            "kind": e.kind,
            "violation": e.violation.map(|v| format!("V{v}")),
            "path": e.path.map(|p| visible(&p)),
            "detail": serde_json::from_str::<Value>(&e.detail).unwrap_or_default(),
        })
    });
    let messages: Vec<Value> = messages.iter().map(as_json).collect();
    let mut out = Output::open(None)?;
    let shown = json!({ "event": event, "messages": messages });
    writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)?;
    out.finish()?;
    Ok(CLEAN)
}

/// An event by its number or its id.
fn event(
    store: &Store,
    seq: Option<i64>,
    uuid: Option<[u8; 16]>,
) -> Result<Option<Event>, Failure> {
    let mut found = None;
    store.events(seq.map_or(0, |seq| seq - 1), None, &mut |e| {
        let is_it = match uuid {
            Some(uuid) => deliver::event_id(e.time, &e.hash).into_bytes() == uuid,
            None => Some(e.seq) == seq,
        };
        if is_it {
            found = Some(e);
        }
        !is_it && uuid.is_some()
    })?;
    Ok(found)
}

fn new_secret(ed25519: bool) -> anyhow::Result<u8> {
    let text = if ed25519 { secret::generate_ed25519()? } else { secret::generate_hmac()? };
    let mut out = Output::open(None)?;
    writeln!(out, "{text}")?;
    out.finish()?;
    if let Some(public) = secret::Secret::parse(&text).ok().and_then(|s| s.public()) {
        anstream::eprintln!("for the receiver: {public}");
    }
    Ok(CLEAN)
}

/// The file in which the secrets of a webhook are, if lictor can change it.
fn secret_file(args: &RotateSecret) -> anyhow::Result<PathBuf> {
    let config = Config::load(&args.config.config)?;
    let webhook = find(&config, &args.name)?;
    let mut files = webhook.secrets.iter().filter_map(|s| match s {
        SecretSource::File(path) => Some(path),
        SecretSource::Variable(_) => None,
    });
    let Some(path) = files.next() else {
        let help = "put the output of `lictor webhook secret new` before the old one, on a line of \
                    its own, where the variable is set, and restart the service";
        return Err(Failure::new("its secrets are in no file").help(help).into());
    };
    if path.starts_with("/run/credentials") {
        let shown = path.file_name().unwrap_or_default().as_bytes();
        let help = format!(
            "put the output of `lictor webhook secret new` before the old one, on a line of its \
             own, into the file that `LoadCredential={}:...` of the unit names, and restart it",
            visible(shown)
        );
        return Err(Failure::new("its secrets are handed over by systemd").help(help).into());
    }
    Ok(path.clone())
}

fn rotate(args: &RotateSecret) -> anyhow::Result<u8> {
    let path = secret_file(args)?;
    let old = read(&path)?;
    let known = secret::parse_all(&old).map_err(|(line, wrong)| {
        let shown = visible(path.as_os_str().as_bytes());
        Failure::config(format!("line {line} of {shown} is no secret: {wrong}"))
    })?;
    // Of the kind of the one before.
    let asymmetric = known.first().is_some_and(|s| s.public().is_some());
    let new = if asymmetric { secret::generate_ed25519()? } else { secret::generate_hmac()? };
    // What stands before the first of them is a comment on all.
    let before: usize =
        old.split_inclusive('\n').take_while(|line| !is_secret(line)).map(str::len).sum();
    let (comment, rest) = old.split_at(before);
    replace(&path, &format!("{comment}{new}\n{rest}"))?;
    let told = match secret::Secret::parse(&new).ok().and_then(|s| s.public()) {
        Some(public) => public,
        None => new,
    };
    let mut out = Output::open(None)?;
    writeln!(out, "{told}")?;
    out.finish()?;
    let name = &args.name;
    anstream::eprintln!(
        "The receiver is to trust this from now on; what is sent is signed by it and by the ones \
         before.\nWhen it does: `lictor webhook secret retire {name}`"
    );
    Ok(CLEAN)
}

fn retire(args: &RotateSecret) -> anyhow::Result<u8> {
    let path = secret_file(args)?;
    let old = read(&path)?;
    let count = old.lines().filter(|line| is_secret(line)).count();
    let mut seen = false;
    let kept: String = old
        .lines()
        .filter(|line| !is_secret(line) || !std::mem::replace(&mut seen, true))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut out = Output::open(None)?;
    if count > 1 {
        replace(&path, &kept)?;
    }
    let gone = count.saturating_sub(1);
    let word = if gone == 1 { "secret" } else { "secrets" };
    writeln!(out, "{gone} {word} taken out; the newest signs")?;
    out.finish()?;
    Ok(CLEAN)
}

fn is_secret(line: &str) -> bool {
    !line.trim().is_empty() && !line.trim_start().starts_with('#')
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|e| {
        let shown = visible(path.as_os_str().as_bytes());
        Failure::new(format!("cannot read {shown}"))
            .caused_by(e)
            .help("run it as a user who may read and write the file")
    })
}

/// Puts another text into a file's place, which at every instant has the one or the other, and
/// leaves to the file who may read it.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let meta = fs::metadata(path)?;
        // Only its user may read it, until it is as the one before.
        let mut options = File::options();
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.write(true).create(true).truncate(true).open(&beside)?;
        file.write_all(text.as_bytes())?;
        let own = fs::metadata(&beside)?;
        if (own.uid(), own.gid()) != (meta.uid(), meta.gid()) {
            std::os::unix::fs::fchown(&file, Some(meta.uid()), Some(meta.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(meta.mode() & 0o777))?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|e| {
        // It may not be there.
        let _ = fs::remove_file(&beside);
        let shown = visible(path.as_os_str().as_bytes());
        Failure::new(format!("cannot write {shown}"))
            .caused_by(e)
            .help("run it as a user who may write to its directory; the file is as it was")
    })
}
