#!/bin/sh
# Der Befehl `kavi` mit denselben Einstellungen, demselben Hauptschlüssel, Ordner und Benutzer wie der Dienst.
# Einrichten: install -m 0755 kavi.sh /usr/local/sbin/kavi. Aufrufen als root, Pfade von / an.
case "${_KAVI_COMPLETE:+x}${1:-}" in
  x* | "" | help | --*) exec /opt/kavi/bin/kavi "$@" ;; # Hilfe und Vervollständigung brauchen nichts davon
esac
set -- /opt/kavi/bin/kavi "$@"
[ ! -e /etc/kavi/master.key ] || set -- -p LoadCredential=kavi-master-key:/etc/kavi/master.key "$@"
exec systemd-run --quiet --collect --wait --pty --pipe --uid=kavi --gid=kavi \
  -p EnvironmentFile=-/etc/kavi/kavi.env -p StateDirectory=kavi -p StateDirectoryMode=0700 -p WorkingDirectory=/var/lib/kavi \
  -p UMask=0077 -E KAVI_DATA_DIR=/var/lib/kavi -E LANG=C.UTF-8 -E TERM="${TERM:-dumb}" "$@"
