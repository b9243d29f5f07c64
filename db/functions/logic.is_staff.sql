create function logic.is_staff() returns boolean
language sql stable
return coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role' in ('staff', 'admin'), false);
comment on function logic.is_staff is 'Whether the caller''s token is of staff or an admin.';
grant execute on function logic.is_staff to customer;
