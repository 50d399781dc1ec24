"""What a person should look at: which findings become alerts, how loud, and what became of them."""
