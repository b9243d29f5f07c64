delete from auth.one_time_tokens where purpose <> 'verify_email';
alter table auth.one_time_tokens
  drop constraint one_time_tokens_purpose_is_known,
  drop column created_at,
  add constraint one_time_tokens_purpose_is_known check (purpose in ('verify_email'));
alter table auth.accounts drop column wanted_email, drop column tokens_valid_since;
