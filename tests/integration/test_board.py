"""The board: each number is as long as its list, whoever looks and on either database."""
