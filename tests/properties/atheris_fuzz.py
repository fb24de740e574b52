"""The same readers under atheris, which looks for new ways through them: `python -m tests.properties.atheris_fuzz -max_total_time=60`.

Optional: atheris is no dependency; install it for the occasion (`uv pip install atheris`).
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    try:
        import atheris
    except ModuleNotFoundError:
        print("not run: atheris is not installed")
        return
    with atheris.instrument_imports(include=["bot"]):
        from bot.loader.content import load_content
        from tests.properties.readers import of_bytes, of_text
    content = load_content(Path(__file__).parents[2])
    on_text, on_bytes = of_text(content), of_bytes()

    def once(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        text = provider.ConsumeUnicodeNoSurrogates(4000)  # others end when they are stored
        for read in on_text.values():
            read(text)
        for read_bytes in on_bytes.values():
            read_bytes(data)

    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
