// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The sockets of the control API: handed over by systemd, or made here.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use sha2::{Digest, Sha256};

use crate::diag::{Failure, visible};

/// The least that a token has, in bytes.
const TOKEN: usize = 16;

/// What is listened on.
pub struct Listeners {
    pub(super) unix: Vec<UnixListener>,
    pub(super) tcp: Option<(TcpListener, Token)>,
    /// The socket file that was made here.
    pub(super) made: Option<Made>,
}

/// A secret that clients on the loopback show. Only its digest is kept in memory.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// Reads a token from a file.
    ///
    /// # Errors
    /// The file cannot be read, or what it holds is too short to be a secret.
    pub fn read(path: &Path) -> Result<Token, Failure> {
        let shown = visible(path.as_os_str().as_encoded_bytes());
        let text = std::fs::read_to_string(path).map_err(|e| {
            Failure::config(format!("cannot read the token of the control API from {shown}"))
                .caused_by(e)
                .help("write one: `openssl rand -hex 32`, readable by the service alone")
        })?;
        let token = text.trim();
        if token.len() < TOKEN || token.contains(char::is_whitespace) {
            let message = format!("{shown} holds no token of {TOKEN} characters or more");
            return Err(Failure::config(message).help("write one: `openssl rand -hex 32`"));
        }
        Ok(Token::from(token))
    }

    /// Whether this is the token, in a time that does not tell how much of it is.
    pub(super) fn is(&self, shown: &str) -> bool {
        let other = Token::from(shown);
        self.0.iter().zip(other.0).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Token {
        Token(Sha256::digest(text).into())
    }
}

/// Listens on the sockets that systemd hands over, or else on one that is made with these
/// permissions; and on a loopback address, if one is named.
///
/// # Errors
/// Another process answers there, or a socket cannot be made.
pub fn listen(
    socket: &Path,
    mode: u32,
    tcp: Option<(SocketAddr, Token)>,
) -> Result<Listeners, Failure> {
    let (mut unix, handed) = inherited()?;
    let mut made = None;
    if unix.is_empty() {
        let (listener, file) = make(socket, mode)?;
        unix.push(listener);
        made = Some(file);
    }
    let tcp = match (handed, tcp) {
        (Some(handed), Some((_, token))) => Some((handed, token)),
        (Some(_), None) => {
            let message = "systemd hands over a TCP socket, but there is no token for it";
            return Err(Failure::config(message).help(
                "set `listen` and `token-file` in the configuration, or take it out of the unit",
            ));
        }
        (None, Some((address, token))) => {
            let listener = TcpListener::bind(address).map_err(|e| {
                Failure::new(format!("cannot listen on {address}"))
                    .caused_by(e)
                    .help("see who does: `ss -ltnp`; or name another port with `listen`")
            })?;
            Some((listener, token))
        }
        (None, None) => None,
    };
    let blocking = unix.iter().map(|l| l.set_nonblocking(true));
    let blocking = blocking.chain(tcp.iter().map(|(l, _)| l.set_nonblocking(true)));
    blocking
        .collect::<io::Result<()>>()
        .map_err(|e| Failure::new("cannot use a socket of the control API").caused_by(e))?;
    Ok(Listeners { unix, tcp, made })
}

/// The sockets that systemd hands over: of the unix family, and one of TCP.
fn inherited() -> Result<(Vec<UnixListener>, Option<TcpListener>), Failure> {
    let mut handed = ListenFd::from_env();
    let (mut unix, mut tcp) = (Vec::new(), None);
    for n in 0..handed.len() {
        if let Ok(Some(listener)) = handed.take_unix_listener(n) {
            unix.push(listener);
        } else if let (Ok(Some(listener)), None) = (handed.take_tcp_listener(n), &tcp) {
            tcp = Some(listener);
        } else {
            let message = "systemd hands over a socket that is of no use here";
            return Err(Failure::config(message).help(
                "let the socket unit have `ListenStream=` with a path, and at most one with a port",
            ));
        }
    }
    Ok((unix, tcp))
}

/// Makes a socket file, with its permissions from its first moment. A file that is left from a
/// process that is gone is replaced.
fn make(path: &Path, mode: u32) -> Result<(UnixListener, Made), Failure> {
    let shown = visible(path.as_os_str().as_encoded_bytes());
    let fail = |e: io::Error| {
        Failure::new(format!("cannot make the control socket {shown}"))
            .caused_by(e)
            .help("check that you may write to its directory, or name another with `socket`")
    };
    match std::fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(fail(e)),
        Ok(there) if !there.file_type().is_socket() => {
            return Err(Failure::new(format!("{shown} is there, and no socket"))
                .help("move it away, or name another place with `socket`"));
        }
        Ok(_) => match UnixStream::connect(path) {
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            // Whoever does not let us in is there.
            Ok(_) | Err(_) => {
                return Err(Failure::new(format!("another process answers at {shown}"))
                    .help("stop it, or name another place with `socket`"));
            }
        },
    }
    let parent = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(parent).map_err(fail)?;
    // Short, as the whole path is limited.
    let first = parent.join(format!(".{}", std::process::id()));
    let removed = std::fs::remove_file(&first);
    removed.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(fail(e)) })?;
    let listener = UnixListener::bind(&first).map_err(fail)?;
    let done = std::fs::set_permissions(&first, std::fs::Permissions::from_mode(mode))
        .and_then(|()| std::fs::symlink_metadata(&first))
        .and_then(|made| std::fs::rename(&first, path).map(|()| made));
    let made = done.map_err(|e| {
        // Nobody knows it by this name.
        let _ = std::fs::remove_file(&first);
        fail(e)
    })?;
    Ok((listener, Made { path: path.to_owned(), dev: made.dev(), ino: made.ino() }))
}

/// A socket file that goes with whoever made it, unless it is another's by then.
pub(super) struct Made {
    path: PathBuf,
    dev: u64,
    ino: u64,
}

impl Drop for Made {
    fn drop(&mut self) {
        let same = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|now| (now.dev(), now.ino()) == (self.dev, self.ino));
        if same {
            // The next one replaces it in any case.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_enough_and_compared_as_a_whole() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        assert!(Token::read(&file).err().unwrap().message.contains("cannot read"));
        for bad in ["", "short\n", "two words that are long enough\n"] {
            std::fs::write(&file, bad).unwrap();
            assert!(Token::read(&file).err().unwrap().message.contains("holds no token"), "{bad}");
        }
        std::fs::write(&file, "0123456789abcdef\n").unwrap();
        let token = Token::read(&file).ok().unwrap();
        assert!(token.is("0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"] {
            assert!(!token.is(other), "{other}");
        }
    }

    #[test]
    fn a_socket_has_its_mode_and_replaces_only_what_nobody_answers_at() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run/control.sock");
        let first = listen(&path, 0o600, None).ok().unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let error = listen(&path, 0o660, None).err().unwrap();
        assert!(error.message.contains("another process answers"), "{error}");
        // As a process leaves it that is killed.
        let Listeners { unix, made, .. } = first;
        std::mem::forget(made);
        drop(unix);
        let second = listen(&path, 0o660, None).ok().unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        drop(second);
        assert!(!path.exists(), "it goes with its process");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
        std::fs::write(&path, "mine").unwrap();
        let error = listen(&path, 0o660, None).err().unwrap();
        assert!(error.message.contains("no socket"), "{error}");
        let error = listen(Path::new("/proc/nothing/control.sock"), 0o660, None).err().unwrap();
        assert!(error.message.contains("cannot make"), "{error}");
    }
}
