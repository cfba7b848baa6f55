"""What breaks and what must not: nodes that die or hang under load, clients that misbehave, resources that run out."""
