// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Low priority for the threads that look, so that people's work comes first. The control socket
//! answers at the usual one.

use crate::config::{Io, Scan};

/// What a thread takes on.
#[derive(Debug, Clone, Copy)]
pub struct Priority {
    nice: i32,
    io: Io,
}

pub fn of(scan: &Scan) -> Priority {
    Priority { nice: i32::from(scan.nice), io: scan.io }
}

impl Priority {
    /// For the thread that calls it.
    pub fn take_on(self) {
        let thread = rustix::thread::gettid();
        // systemd's unit may have set a lower one, which stands.
        let now = rustix::process::getpriority_process(Some(thread)).unwrap_or(0);
        let nice = rustix::process::setpriority_process(Some(thread), now.max(self.nice));
        if let Err(e) = nice {
            tracing::debug!(error = %e, "the priority stays");
        }
        if self.io == Io::Idle {
            // ioprio_set(2): IOPRIO_WHO_PROCESS, the calling thread, IOPRIO_CLASS_IDLE.
            const WHO: libc::c_int = 1;
            const IDLE: libc::c_int = 3 << 13;
            // SAFETY: the call takes three numbers and touches no memory of this process.
            #[allow(unsafe_code, reason = "no safe wrapper knows this call")]
            let set = unsafe { libc::syscall(libc::SYS_ioprio_set, WHO, 0, IDLE) };
            if set != 0 {
                tracing::debug!("the I/O priority stays");
            }
        }
    }
}
