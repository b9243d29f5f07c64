create function logic.current_session_id() returns uuid
language sql stable
return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sid')::uuid;
comment on function logic.current_session_id is 'The session of the caller''s token, null for anonymous callers.';
