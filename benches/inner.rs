// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The inner loops: detection on the kinds of content that a tree is made of, expressions, and
//! decisions. `cargo bench` compares with the run before.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use lictor::detect::Detector;
use lictor::licenses::Licenses;
use lictor::model::FileKind;
use lictor::policy::places::Places;
use lictor::policy::{Policy, Surroundings};

fn detection(c: &mut Criterion) {
    let licenses = Licenses::builtin();
    let text = |id: &str, header: bool| {
        let texts = licenses.texts();
        texts.iter().find(|t| t.id == id && t.header == header).map_or("", |t| t.text)
    };
    let code = "static int probe(struct device *dev, unsigned long flags)\n{\n\treturn 0;\n}\n";
    let tagged =
        format!("// SPDX-License-{}: GPL-2.0-only OR MIT\n{}", "Identifier", code.repeat(200));
    let samples = [
        ("code", code.repeat(200)),
        ("tagged", tagged),
        ("header", format!("{}\n{}", text("GPL-2.0-or-later", true), code.repeat(200))),
        ("mit", text("MIT", false).to_owned()),
        ("gpl", text("GPL-2.0-only", false).to_owned()),
    ];
    let mut group = c.benchmark_group("detect");
    for (name, sample) in &samples {
        group.throughput(Throughput::Bytes(sample.len() as u64));
        // One detector a kind: what it remembers of equal passages is part of the loop.
        let detector = Detector::new(licenses);
        group.bench_function(*name, |b| {
            b.iter(|| detector.detect(black_box(sample.as_bytes()), FileKind::Plain))
        });
    }
    group.finish();
    c.bench_function("detector/index", |b| b.iter(|| Detector::new(licenses).prepare()));
}

fn judging(c: &mut Criterion) {
    let licenses = Licenses::builtin();
    let policy = Policy::builtin(licenses);
    let text = "(GPL-2.0-only WITH Linux-syscall-note OR MIT) AND (Apache-2.0 OR BSD-3-Clause)";
    c.bench_function("expression/parse", |b| b.iter(|| licenses.parse(black_box(text))));
    let parsed = licenses.parse(text).ok();
    let around = Surroundings { checkout: b"/r", branch: None };
    let mut places = Places::new(&policy, licenses, around);
    let place = places.of(b"src/main.c", b"", None);
    let place = places.get(place);
    c.bench_function("policy/decide", |b| {
        b.iter(|| policy.decide(licenses, black_box(parsed.as_ref()), "", place))
    });
}

criterion_group!(benches, detection, judging);
criterion_main!(benches);
