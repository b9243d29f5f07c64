-- The public halves of the keys that sign access tokens, with which of them signs and until when each verifies.
-- PostgREST and the service on every machine ask this table, so that a key can be followed by another without a restart,
-- and taken away at once.
-- depends: 0020.privacy

create table auth.signing_keys (
  kid text not null,
  public_key text not null,
  created_at timestamptz not null default now(),
  signs_from timestamptz not null,
  verifies_until timestamptz,
  constraint signing_keys_pkey primary key (kid),
  constraint signing_keys_public_key_is_ed25519 check (public_key ~ '^[A-Za-z0-9_-]{43}$')
);
create trigger signing_keys_audit_new after insert on auth.signing_keys
  for each row execute function shop.audit_row('signing_key.added', 'kid', 'signs_from');
create trigger signing_keys_audit_end after update of verifies_until on auth.signing_keys
  for each row when (old.verifies_until is distinct from new.verifies_until)
  execute function shop.audit_row('signing_key.ended', 'kid', 'verifies_until');
comment on table auth.signing_keys is 'Which keys sign access tokens and until when they verify them; those that are over stay, so that none comes back.';
comment on column auth.signing_keys.public_key is 'Member x of the JWK (RFC 8037).';
comment on column auth.signing_keys.signs_from is 'Later than created_at, so that everybody knows the key when its first token comes.';
call shop.protect('auth.signing_keys');
