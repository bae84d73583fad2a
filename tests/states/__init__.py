"""States of cases as former releases stored them. They are kept for ever: whoever updates finds every case readable."""
