-- Second factors: a secret that makes codes by the clock, and ten codes on paper for the day that it is lost.
-- depends: 0018.payment-methods

create table auth.second_factors (
  account_id uuid not null,
  -- Encrypted by the service: codes are computed from it, so it cannot be hashed.
  secret bytea not null,
  confirmed_at timestamptz,
  -- The step of 30 seconds whose code was used last: it and all before it are spent.
  last_step bigint not null default 0,
  created_at timestamptz not null default now(),
  constraint second_factors_pkey primary key (account_id),
  constraint second_factors_account_id_fkey foreign key (account_id) references auth.accounts (id) on delete cascade
);
comment on table auth.second_factors is 'What an account proves at sign-in beside its password, as soon as it is confirmed.';
create trigger second_factors_audit_enabled after update of confirmed_at on auth.second_factors
  for each row when (old.confirmed_at is null and new.confirmed_at is not null)
  execute function shop.audit_row('second_factor.enabled', 'account_id', 'confirmed_at');
create trigger second_factors_audit_disabled after delete on auth.second_factors
  for each row when (old.confirmed_at is not null)
  execute function shop.audit_row('second_factor.disabled', 'account_id', 'confirmed_at');

create table auth.recovery_codes (
  account_id uuid not null,
  code_hash bytea not null,
  used_at timestamptz,
  constraint recovery_codes_pkey primary key (account_id, code_hash),
  constraint recovery_codes_account_id_fkey foreign key (account_id)
    references auth.second_factors (account_id) on delete cascade,
  constraint recovery_codes_hash_is_sha256 check (length(code_hash) = 32)
);
comment on table auth.recovery_codes is 'Each stands in for the second factor, once.';

call shop.protect('auth.second_factors', 'auth.recovery_codes');

-- The audit log tells of the setting that came with guests, too.
drop trigger settings_audit on shop.settings;
create trigger settings_audit after update on shop.settings
  for each row when (old.* is distinct from new.*) execute function shop.audit_row(
    'settings.changed', 'is_only_row', 'shop_name', 'currency', 'reservation_minutes', 'guest_days'
  );
