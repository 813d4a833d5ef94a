"""Who may: keys, signed tokens, webhooks, for publishing, playing and administering."""
