create function logic.forgive(bucket text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  delete from auth.throttles t where t.bucket = logic.digest(forgive.bucket);
end;
$$;
comment on function logic.forgive is 'Forgets the attempts of a bucket, after a success.';
grant execute on function logic.forgive to service;
