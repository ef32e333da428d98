// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The progress bar, on a terminal only.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use lictor::scan::Progress;

/// Draws until it is dropped.
pub struct Bar {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// A bar for `progress` if standard error is a terminal, otherwise nothing.
    pub fn start(progress: &Arc<Progress>) -> Bar {
        let stop = Arc::new(AtomicBool::new(false));
        if !io::stderr().is_terminal() {
            return Bar { stop, thread: None };
        }
        let (progress, stopped) = (Arc::clone(progress), Arc::clone(&stop));
        let thread = std::thread::spawn(move || draw(&progress, &stopped));
        Bar { stop, thread: Some(thread) }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A bar that failed to draw is no reason to fail.
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, stopped: &AtomicBool) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let listing = ProgressStyle::with_template("{spinner} listing files {elapsed}");
    let reading = ProgressStyle::with_template(
        "{spinner} {wide_bar} {msg} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
    );
    let (Ok(listing), Ok(reading)) = (listing, reading) else { return };
    bar.set_style(listing);
    let mut counting = false;
    while !stopped.load(Ordering::Relaxed) {
        let total = progress.contents.load(Ordering::Relaxed);
        if total > 0 {
            if !counting {
                counting = true;
                bar.set_style(reading.clone());
                bar.reset_eta();
            }
            bar.set_length(progress.bytes.load(Ordering::Relaxed));
            bar.set_position(progress.bytes_done.load(Ordering::Relaxed));
            let done = progress.contents_done.load(Ordering::Relaxed);
            bar.set_message(format!("{done}/{total} files"));
        }
        bar.tick();
        std::thread::park_timeout(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}
