create function logic.attempts(bucket text) returns integer
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select t.attempts from auth.throttles t where t.bucket = logic.digest(attempts.bucket));
end;
$$;
comment on function logic.attempts is 'How many attempts a bucket has counted in its window.';
