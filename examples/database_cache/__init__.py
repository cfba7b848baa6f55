"""A shop's database spared by a cache, with dogpile.cache and with pymemcache alone."""
