"""`python -m services.standalone`, the same as the command `jikao`."""

from services.standalone.cli import main

if __name__ == "__main__":
    main()
