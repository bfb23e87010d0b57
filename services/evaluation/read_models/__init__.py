"""One module a question: its tables, what fills them, and how they are asked."""
