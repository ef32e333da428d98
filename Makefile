# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
#
# For those who install or package lictor; cargo does the rest.
#   make && make install                               into /usr/local
#   make install DESTDIR=tree PREFIX=/usr              what a package holds
#   make deb                                           a Debian package, with cargo-deb
# A binary for another machine cannot write its completions here: name one that can as LICTOR, or
# leave them out with COMPLETIONS=.

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
CARGO ?= cargo
CARGO_TARGET_DIR ?= target
BINARY ?= $(CARGO_TARGET_DIR)/release/lictor
LICTOR ?= $(BINARY)
COMPLETIONS ?= bash zsh fish

lib = $(DESTDIR)$(PREFIX)/lib
share = $(DESTDIR)$(PREFIX)/share
etc = $(DESTDIR)$(SYSCONFDIR)/lictor

units = $(notdir $(wildcard systemd/*.service systemd/*.socket systemd/*.timer))
docs = README.md CHANGELOG.md $(wildcard docs/*.md) docs/openapi.json
# For Prometheus and Grafana, which are mostly on another host.
monitoring = systemd/prometheus-alerts.yml systemd/grafana-dashboard.json

# Units name the program by its whole path, and let nothing else be run.
exec = $(if $(filter /usr /usr/%,$(PREFIX)),,-e 's|^ExecPaths=|&$(PREFIX)/bin |')
edit = sed -e 's|/usr/bin/lictor|$(PREFIX)/bin/lictor|' \
	-e 's|/usr/share/doc|$(PREFIX)/share/doc|' \
	-e 's|/etc/lictor|$(SYSCONFDIR)/lictor|' $(exec)

.PHONY: build install completions deb

build:
	$(CARGO) build --release --locked

$(BINARY):
	$(CARGO) build --release --locked

install: $(BINARY)
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/lictor
	install -d $(lib)/systemd/system $(share)/doc/lictor/policies
	for unit in $(units); do \
		$(edit) systemd/$$unit > $(lib)/systemd/system/$$unit || exit 1; \
		chmod 644 $(lib)/systemd/system/$$unit; \
	done
	install -D -m 644 systemd/lictor.sysusers $(lib)/sysusers.d/lictor.conf
	install -D -m 644 systemd/lictor.tmpfiles $(lib)/tmpfiles.d/lictor.conf
	test -e $(etc)/lictor.toml || install -D -m 644 systemd/lictor.toml $(etc)/lictor.toml
	install -m 644 $(docs) $(monitoring) $(share)/doc/lictor
	install -m 644 policies/* $(share)/doc/lictor/policies
ifneq ($(COMPLETIONS),)
	$(MAKE) completions into=$(share)
endif

# Where each shell looks for them.
completions: $(LICTOR)
	install -d $(into)/bash-completion/completions $(into)/zsh/site-functions $(into)/fish/vendor_completions.d
	$(if $(filter bash,$(COMPLETIONS)),$(LICTOR) completions bash > $(into)/bash-completion/completions/lictor)
	$(if $(filter zsh,$(COMPLETIONS)),$(LICTOR) completions zsh > $(into)/zsh/site-functions/_lictor)
	$(if $(filter fish,$(COMPLETIONS)),$(LICTOR) completions fish > $(into)/fish/vendor_completions.d/lictor.fish)

deb: build
	$(MAKE) completions into=$(CARGO_TARGET_DIR)/release/share
	$(CARGO) deb --no-build --locked
