-- What mails with links need: forgotten passwords and new addresses beside the proof of the first address.
-- A link dies with what it was about: it knows its address, and must be younger than the last change of address or password.
-- depends: 0015.guests

alter table auth.accounts add column wanted_email text, add column tokens_valid_since timestamptz;
comment on column auth.accounts.wanted_email is 'The address that is to be the new one as soon as its reader says so.';
comment on column auth.accounts.tokens_valid_since is 'When the address or the password changed last: older links are void.';

alter table auth.one_time_tokens
  add column created_at timestamptz not null default now(),
  -- A few days' links, and what the new rule allows is more.
  -- squawk-ignore ban-drop-constraint
  drop constraint one_time_tokens_purpose_is_known,
  -- squawk-ignore constraint-missing-not-valid
  add constraint one_time_tokens_purpose_is_known check (purpose in ('verify_email', 'reset_password', 'change_email'));
