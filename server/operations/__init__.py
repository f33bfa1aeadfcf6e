"""What an operator's machine asks of a running server: is it well, how much does it do, what happened."""
