"""The help of `kavi` in English: what stands in the commands in German, sentence by sentence (`kavi help --english`)."""

from __future__ import annotations

from typing import Final

ENGLISH: Final = {
    "Kavi: ein Chatbot für Familien von Inhaftierten und die Fachkräfte um sie herum.": (
        "Kavi: a chatbot for the families of imprisoned people and the professionals around them."
    ),
    "Richtet die Vervollständigung mit der Tabulatortaste ein.": "Sets up completion with the tab key.",
    "Zeigt das Skript dafür, zum Kopieren.": "Shows the script for it, to be copied.",
    "ORDNER": "FOLDER",
    "DATEI": "FILE",
    "KENNUNG": "ID",
    "THEMA": "TOPIC",
    "ABLAUF": "FLOW",
    "SPRACHE": "LANGUAGE",
    "BEFEHL": "COMMAND",
    # ---------------------------------------------------------------- help
    "Erklärt Kavi oder einen Befehl.": "Explains Kavi or a command.",
    "Der Befehl, zum Beispiel backup oder staff add.": "The command, such as backup or staff add.",
    "Auf Englisch.": "In English.",
    # ---------------------------------------------------------------- conversations and content
    "Ein Gespräch im Terminal.": "A conversation in the terminal.",
    "Rolle ohne Kennenlernen: caregiver, child, parent, staff; counsellor wie --desk.": (
        "Role, without the opening questions: caregiver, child, parent, staff; counsellor is --desk."
    ),
    "Probe für die Beratung: Familie und Team in einem Terminal.": (
        "A rehearsal for counsellors: family and team in one terminal."
    ),
    "Alter des Kindes in Jahren (mit --as child).": "Age of the child in years (with --as child).",
    "Ein JSON-Objekt je Zeile hinein und heraus.": "One JSON object a line, in and out.",
    "Das letzte Gespräch fortsetzen.": "Go on with the last conversation.",
    "Das Gespräch als Test in diese Datei schreiben.": "Write the conversation into this file as a test.",
    "plain oder leicht.": "plain or leicht (easy language).",
    "Sprache: de, en, tr, ar, ru, uk, pl.": "Language: de, en, tr, ar, ru, uk, pl.",
    "Welches Thema passt zu einer Frage? Liest von der Standardeingabe.": "Which topic fits a question? Reads from standard input.",
    "Die Entscheidung erklären.": "Explain the decision.",
    "Ist das ein Notfall? Liest von der Standardeingabe.": "Is this an emergency? Reads from standard input.",
    "Prüft alle Inhalte; Ende mit 3, wenn etwas nicht stimmt.": "Checks all content; ends with 3 when something is wrong.",
    "Zeigt, wie viele Menschen auf geänderten Schritten stehen.": "Shows how many people stand on steps that were changed.",
    "Prüft, ob jede Beispielfrage ihr Thema findet.": "Checks that each example question finds its topic.",
    "Nennt jede Stelle, die in Einfacher Sprache auffällt.": "Names each place that stands out in easy language.",
    "Lernt aus den Beispielen in knowledge/safety, was Gefahr ist und was nicht; nach jeder Änderung dort.": (
        "Learns from the examples in knowledge/safety what is danger and what is not; after each change there."
    ),
    "Spielt die Gesprächstests.": "Plays the conversation tests.",
    "Datei oder Ordner mit Gesprächstests.": "File or folder with conversation tests.",
    "Nicht geprüfte Schritte und Abzweigungen zeigen.": "Show steps and ways that no test takes.",
    "Abläufe verändern und zeigen, was kein Test bemerkt.": "Change flows and show what no test notices.",
    "Nur diese Abläufe verändern, etwa visit-*.": "Change only these flows, such as visit-*.",
    "So viele Prozesse verändern und spielen.": "As many processes change and play.",
    "Zeichnet einen Ablauf.": "Draws a flow.",
    "Name des Ablaufs.": "Name of the flow.",
    "SVG-Datei; sonst Mermaid auf der Standardausgabe.": "SVG file; otherwise Mermaid on standard output.",
    "Legt die Liste für Übersetzerinnen und Übersetzer an oder bringt sie auf den Stand der Inhalte.": (
        "Makes the list for translators, or brings it up to the state of the content."
    ),
    "Sprache: en, tr, ar, ru, uk, pl.": "Language: en, tr, ar, ru, uk, pl.",
    "Zeichnet die Bilder in dialogues/pictures neu, nach einer Änderung an einem SVG.": (
        "Draws the pictures in dialogues/pictures anew, after a change of an SVG."
    ),
    "Zeigt, woher jede Zahl und jede Aussage eines Themas stammt.": "Shows where each number and each claim of a topic comes from.",
    "Kennung des Themas, z. B. visit.documents.": "Id of the topic, such as visit.documents.",
    "Zeigt alle Themen mit Quellen, Stand, Prüfung und was bald abläuft.": (
        "Shows all topics with sources, date, review and what expires soon."
    ),
    "Als Seite in diese Datei schreiben; sie braucht kein Netz.": "Write them into this file as a page that needs no network.",
    # ---------------------------------------------------------------- running
    "Startet Kavi auf den eingestellten Messengern.": "Starts Kavi on the configured messengers.",
    "Welche Aufgaben dieser Prozess übernimmt.": "Which roles this process takes.",
    "Lässt ein laufendes Kavi die Inhalte neu laden; fehlerhafte Inhalte ersetzen nie gute.": (
        "Has a running Kavi load its content anew; bad content never replaces good."
    ),
    "Zeigt Gespräche, Postausgang, Erinnerungen und offene Alarme.": "Shows conversations, outbox, timers and open alerts.",
    "Prüft Schlüssel, Speicher, Inhalte und Messenger und sagt, was zu tun ist.": (
        "Checks keys, store, content and messengers, and says what to do."
    ),
    "Löscht ein Gespräch: zuerst den Schlüssel, dann alles andere.": "Erases a conversation: first its key, then everything else.",
    "Kennung des Gesprächs aus dem Protokoll; mindestens die ersten 8 Zeichen.": (
        "Id of the conversation, from the log; at least its first 8 characters."
    ),
    "Sichert im laufenden Betrieb: Daten und Schlüssel in getrennte Dateien, geprüft.": (
        "Backs up while Kavi runs: data and keys into files apart, verified."
    ),
    "Ordner für die Sicherung.": "Folder for the backup.",
    "Sekunden: läuft weiter und sichert immer wieder; bei SQLite nur, was sich geändert hat.": (
        "Seconds: goes on and backs up again and again; on SQLite only what has changed."
    ),
    "So viele ganze Sicherungen der Daten bleiben.": "So many whole backups of the data are kept.",
    "Stellt eine Sicherung her; seither Gelöschtes bleibt gelöscht.": "Restores a backup; what was erased since then stays erased.",
    "Ordner der Sicherung.": "Folder of the backup.",
    "Den Stand von damals statt des neuesten (Ortszeit).": "The state of that time instead of the newest (local time).",
    "Wechselt den Hauptschlüssel im laufenden Betrieb.": "Changes the master key while Kavi runs.",
    "Neue Datei für den Schlüssel; nötig, wenn er nicht im Datenordner liegt.": (
        "New file for the key; needed when it does not lie in the data folder."
    ),
    "Zieht alles in eine andere Datenbank um und vergleicht Anzahl und Prüfsumme jeder Tabelle.": (
        "Moves everything to another database and compares counts and checksums of each table."
    ),
    "Zieldatenbank: sqlite:///pfad oder postgresql://…; leer = nur das Schema erneuern.": (
        "Database to move to: sqlite:///path or postgresql://…; empty = only renew the schema."
    ),
    # ---------------------------------------------------------------- the desk
    "Zeigt Warteschlange und Auslastung der Beratung, laufend.": "Shows queue and load of the counsellors, live.",
    "Nur einmal zeigen.": "Show it once.",
    "Zeigt das Protokoll der Beratung und prüft seine Kette; Ende mit 1, wenn sie unterbrochen ist.": (
        "Shows the log of the counsellors and checks its chain; ends with 1 when it is broken."
    ),
    "So viele Zeilen.": "So many lines.",
    "Zeigt der Leitung die Beschwerden von Familien; sie gehen an der Beratung vorbei.": (
        "Shows the complaints of families to whoever leads; they pass the counsellors by."
    ),
    "Kennung einer erledigten Beschwerde; ihr Text wird gelöscht.": "Id of a complaint that was dealt with; its text is erased.",
    "Das Team der Beratung: eintragen, Einmalcodes, ausscheiden.": "The counsellors: adding, one-time codes, leaving.",
    "Trägt jemanden ein und zeigt den Einmalcode.": "Adds somebody and shows the one-time code.",
    "Name, den Familien lesen, z. B. „Frau Berg“.": "Name that families read, such as “Frau Berg”.",
    "counsellor, supervisor, admin, editor; mehrere mit Komma.": "counsellor, supervisor, admin, editor; several with commas.",
    "Teams mit Komma; leer: alle.": "Teams with commas; empty: all.",
    "Sprachen mit Komma.": "Languages with commas.",
    "So viele Fälle zugleich.": "So many cases at a time.",
    "Gibt einen neuen Einmalcode, zum Beispiel für ein zweites Konto.": "Gives a new one-time code, for instance for a second account.",
    "Kennung oder Name.": "Id or name.",
    "Jemand scheidet aus: Konten werden getrennt, offene Fälle warten wieder.": (
        "Somebody leaves: accounts are unlinked, open cases wait again."
    ),
    "Trennt alle Konten, zum Beispiel nach einem verlorenen Telefon.": "Unlinks all accounts, for instance after a phone was lost.",
    "Zeigt das Team.": "Shows the team.",
    # ---------------------------------------------------------------- institutions
    "Stellen, die Vermittlungen annehmen oder Ansprechpersonen nennen: eintragen, Einmalcodes, Zahlen.": (
        "Services that accept referrals or name contact persons: adding, one-time codes, figures."
    ),
    "Trägt eine Stelle ein und zeigt den Einmalcode.": "Adds a service and shows the one-time code.",
    "Name, den Fachkräfte und Familien lesen.": "Name that professionals and families read.",
    "Beratung, Gruppe, Besuchsbegleitung, Jugendhilfe, Straffälligenhilfe; mehrere mit Komma. Leer: nimmt keine "
    "Vermittlungen, nennt nur Ansprechpersonen.": (
        "Beratung, Gruppe, Besuchsbegleitung, Jugendhilfe, Straffälligenhilfe; several with commas. Empty: takes no "
        "referrals, only names contact persons."
    ),
    "Länder mit zwei Buchstaben und Komma; leer: alle.": "Länder by their two letters, with commas; empty: all.",
    "Kennung aus knowledge/data/prisons.yaml, wenn es eine Anstalt ist.": "Id in knowledge/data/prisons.yaml, when it is a prison.",
    "Gibt einen neuen Einmalcode, zum Beispiel für eine zweite Person.": "Gives a new one-time code, for instance for a second person.",
    "Kennung oder Name der Stelle.": "Id or name of the service.",
    "Die Stelle nimmt keine neuen Vermittlungen mehr an.": "The service takes no new referrals any more.",
    "Entfernt die Stelle mit ihren Ansprechpersonen; offene Vermittlungen enden, und alle erfahren es.": (
        "Removes the service with its contact persons; open referrals end, and everybody is told."
    ),
    "Zeigt die Stellen.": "Shows the services.",
    "Zeigt die geschützten Räume: Stand, Ende, Verlauf; nie, was dort geschrieben wurde.": (
        "Shows the protected rooms: state, end, course; never what was written there."
    ),
    "Öffnet den ständigen Raum eines Landes auf Matrix: Termine, Tagesordnung, Protokolle, Aufgaben.": (
        "Opens the standing room of a Land on Matrix: dates, agenda, minutes, tasks."
    ),
    "Land mit zwei Buchstaben, zum Beispiel HE.": "Land by its two letters, such as HE.",
    "Schließt den Raum und leert ihn.": "Closes the room and empties it.",
    "Wie Vermittlungen verliefen: Schritte, Wartezeiten, Ablehnungen, je Land und Angebot.": (
        "How referrals went: steps, waits, refusals, by Land and kind of help."
    ),
    "So viele Wochen zurück.": "So many weeks back.",
    # ---------------------------------------------------------------- what goes out
    "Prüft den Code einer Bescheinigung; Ende mit 1, wenn er nicht von hier ist.": (
        "Checks the code of a certificate; ends with 1 when it is not from here."
    ),
    "Der Code auf der Bescheinigung.": "The code on the certificate.",
    "Schreibt den Bericht: Seite, PDF, Vorschlag und offene Daten, nur aus veröffentlichten Zahlen.": (
        "Writes the report: page, PDF, proposal and open data, from published figures only."
    ),
    "Ordner für Seiten, PDFs und Daten.": "Folder for pages, PDFs and data.",
    "Alle vollen Wochen, die noch ausstehen, veröffentlichen: einmal für immer.": (
        "Publish all full weeks that are still to come: once and for ever."
    ),
    "Dazu zwei Seiten für dieses Bundesland, oder „alle“.": "Two pages for this Land as well, or “alle” for all.",
    "Muster mit erfundenen Zahlen, als solches gekennzeichnet.": "A sample with invented figures, marked as such.",
    "Macht ein Plakat oder eine Karte mit QR-Code, der den Chat an der richtigen Stelle öffnet.": (
        "Makes a poster or a card with a QR code that opens the chat at the right place."
    ),
    "PDF-Datei.": "PDF file.",
    "Für ein Bundesland.": "For a Land.",
    "Für ein Gefängnis: Name, Ort oder Kennung.": "For a prison: name, town or id.",
    "Für eine Schule: ihr Name, wie er auf dem Plakat stehen soll.": "For a school: its name as the poster shall show it.",
    "family, child oder staff.": "family, child or staff.",
    "a4 (Plakat) oder a6 (Karte).": "a4 (poster) or a6 (card).",
    "Name des Bots bei Telegram; sonst aus den Einstellungen.": "Name of the bot on Telegram; otherwise from the settings.",
    "Matrix-Kennung, @kavi:beispiel.org; sonst aus den Einstellungen.": "Matrix id, @kavi:example.org; otherwise from the settings.",
}
"""German -> English. `tests/unit/cli/test_manual.py` sees that no sentence is missing and none is left over."""
