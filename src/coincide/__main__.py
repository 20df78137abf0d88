"""``python -m coincide``."""

from coincide.cli.main import main

if __name__ == "__main__":
    main()
