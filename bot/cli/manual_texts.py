"""What the pages of `kavi help` tell beside the commands' own words: more of some commands, examples, exit codes, files."""

from __future__ import annotations

from typing import Final

Said = tuple[str, str]
"""The same in German and in English."""

EXIT_CODES: Final[tuple[tuple[str, Said], ...]] = (
    ("0", ("alles gut", "all is well")),
    (
        "1",
        (
            "geprüft und nicht in Ordnung (doctor, audit, test, certificate), es läuft kein Kavi (reload), oder wer die "
            "Ausgabe liest, hört auf (kavi status | head)",
            "checked and found wrong (doctor, audit, test, certificate), no Kavi runs (reload), or whoever reads the output "
            "stops (kavi status | head)",
        ),
    ),
    ("2", ("Aufruf oder Einstellung falsch", "the command line or a setting is wrong")),
    ("3", ("ein Inhalt hat einen Fehler", "a fault in the content")),
    ("4", ("Datenbank oder Sicherung nicht zu gebrauchen", "the database or a backup cannot be used")),
    ("5", ("der Messenger nimmt das Konto nicht an", "the messenger does not take the account")),
    ("130", ("mit Strg-C beendet", "ended with Ctrl-C")),
)

FILES: Final[tuple[tuple[str, Said], ...]] = (
    (
        "kavi.toml",
        (
            "Einstellungen, im aktuellen Ordner oder im Datenordner",
            "settings, in the current folder or the data folder",
        ),
    ),
    ("kavi-data/", ("Datenordner (KAVI_DATA_DIR)", "data folder (KAVI_DATA_DIR)")),
    (
        "kavi-data/master.key",
        ("Hauptschlüssel, wenn er nirgends sonst steht", "master key, unless it is set elsewhere"),
    ),
    (
        "dialogues/, knowledge/",
        (
            "Inhalte (KAVI_CONTENT_DIR); sonst die mitgelieferten",
            "content (KAVI_CONTENT_DIR); otherwise the copy that ships",
        ),
    ),
)

SETTINGS: Final[Said] = (
    "Jede Einstellung steht in kavi.toml oder heißt als Variable KAVI_… mit __ zwischen den Ebenen: [telegram] token ist "
    "KAVI_TELEGRAM__TOKEN. Variablen gewinnen. Alle erklärt deploy/kavi.toml.",
    "Each setting stands in kavi.toml or is a variable KAVI_… with __ between the levels: [telegram] token is "
    "KAVI_TELEGRAM__TOKEN. Variables win. deploy/kavi.toml explains them all.",
)
SEE: Final[Said] = (
    "deploy/in-15-minuten.md (anfangen), deploy/betrieb.md (wenn etwas zu tun ist). In English: kavi help --english",
    "deploy/in-15-minuten.md (beginning), deploy/betrieb.md (when something is to be done), both in German.",
)

EXAMPLES: Final[dict[str, tuple[tuple[str, Said], ...]]] = {
    "chat": (
        ("kavi chat --as child --age 8", ("als achtjähriges Kind sprechen", "talk as a child of eight")),
        ("kavi chat --resume", ("weiterreden, auch nach einem Absturz", "go on, also after a crash")),
    ),
    "run": (
        ("kavi run", ("alles in einem Prozess", "everything in one process")),
        (
            "kavi run --roles workers,timers",
            ("nur rechnen; ein anderer Prozess spricht", "only decide; another process speaks"),
        ),
    ),
    "backup": (
        ("kavi backup /var/backups/kavi", ("einmal, mit Probe-Wiederherstellung", "once, with a test restore")),
        ("kavi backup /var/backups/kavi --every 60", ("jede Minute, als Dienst", "every minute, as a service")),
    ),
    "restore": (
        ("kavi restore /var/backups/kavi", ("der neueste Stand", "the newest state")),
        ("kavi restore /var/backups/kavi --until 2026-11-25T13:00", ("der Stand von damals", "the state of that time")),
    ),
    "migrate": (
        (
            "kavi migrate --to postgresql://kavi:PASSWORT@db1/kavi",
            ("von SQLite nach PostgreSQL", "from SQLite to PostgreSQL"),
        ),
        ("kavi migrate --to sqlite:////var/lib/kavi/kavi.sqlite", ("und zurück", "and back")),
    ),
    "erase": (
        (
            "kavi erase 3f9a2c41",
            ("die ersten acht Zeichen aus dem Protokoll", "the first eight characters from the log"),
        ),
    ),
    "rotate-key": (
        (
            "kavi rotate-key --to /mnt/stick/master.key",
            ("der Schlüssel liegt nicht im Datenordner", "the key does not lie in the data folder"),
        ),
    ),
    "help": (("kavi help staff add", ("auch Befehle unter Befehlen", "commands below commands as well")),),
    "staff add": (
        (
            "kavi staff add 'Frau Berg' --language de,tr",
            ("sie bekommt den Einmalcode, der dann erscheint", "she gets the one-time code that is shown"),
        ),
    ),
    "report": (("kavi report --demo", ("ansehen, wie er aussieht", "see what it looks like")),),
    "poster": (
        (
            "kavi poster plakat.pdf --telegram kavi_bot --land BY",
            ("ein A4-Plakat für Bayern", "an A4 poster for Bavaria"),
        ),
    ),
}

MORE: Final[dict[str, Said]] = {
    "run": (
        "Nimmt Nachrichten an (ingest), entscheidet (workers), sendet (outbox) und erinnert (timers). Mehrere Prozesse auf "
        "einem PostgreSQL teilen sich die Arbeit; stirbt einer, übernehmen die anderen. SIGTERM beendet in Ruhe, SIGHUP lädt "
        "die Inhalte neu.",
        "Takes in messages (ingest), decides (workers), sends (outbox) and reminds (timers). Several processes on one "
        "PostgreSQL share the work; when one dies the others take over. SIGTERM ends it gracefully, SIGHUP loads the content "
        "anew.",
    ),
    "status": (
        "Ändert nichts und stört ein laufendes Kavi nicht. Die zweite Tabelle zeigt jede Frist der Aufbewahrung und ob sie "
        "eingehalten ist.",
        "Changes nothing and does not disturb a running Kavi. The second table shows each retention limit and whether it is kept.",
    ),
    "doctor": (
        "Jede Prüfung sagt ok, oder in einem Satz, was zu tun ist; ein Hinweis ist kein Fehler. Geht auch, während Kavi läuft.",
        "Each check says ok, or in one sentence what to do; a hint (Hinweis) is no fault. Works while Kavi runs as well.",
    ),
    "backup": (
        "Schreibt ORDNER/data und ORDNER/keys, verschlüsselt mit dem Hauptschlüssel, und stellt jede ganze Sicherung zur Probe "
        "her. Bewahren Sie keys an einem anderen Ort auf als data; von keys bleiben höchstens sieben Stände, keiner älter als "
        "sieben Tage. Der Hauptschlüssel gehört in keine Sicherung.",
        "Writes FOLDER/data and FOLDER/keys, encrypted with the master key, and restores each whole backup as a test. Keep keys "
        "in another place than data; of keys at most seven generations are kept, none older than seven days. The master key "
        "belongs into no backup.",
    ),
    "restore": (
        "Kavi darf dabei nicht laufen. Alles wird zuerst daneben hergestellt und geprüft; misslingt es, bleibt, was da war. Der "
        "vorige Stand wird beiseitegelegt. Schlüssel, die hier liegen, gelten vor denen der Sicherung.",
        "Kavi must not run meanwhile. Everything is made and verified beside first; when that fails, what was there stays. The "
        "former state is put aside. Keys that lie here count before those of the backup.",
    ),
    "migrate": (
        "Kavi anhalten, umziehen, KAVI_STORE__URL umstellen, starten. Das Ziel muss leer sein; die Quelle bleibt, wie sie war.",
        "Stop Kavi, move, set KAVI_STORE__URL, start. The target must be empty; the source stays as it was.",
    ),
    "rotate-key": (
        "Nur der oberste Schlüssel wird neu eingepackt, das dauert einen Augenblick. Ältere Sicherungen öffnet weiterhin nur der "
        "alte: Gleich danach sichern.",
        "Only the topmost key is wrapped anew, which takes a moment. Older backups still open with the old one only: back up "
        "right afterwards.",
    ),
    "erase": (
        "Auch die Spuren in den Räumen der Beratung. Nach sieben Tagen ist es auch in keiner Sicherung mehr lesbar. Familien "
        "tun dasselbe selbst mit „Vergiss mich“.",
        "Its traces in the counsellors' rooms too. After seven days no backup can read it any more either. Families do the same "
        "themselves with “Vergiss mich”.",
    ),
}
