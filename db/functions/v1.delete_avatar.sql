create function v1.delete_avatar() returns void
language plpgsql set search_path = '' as $$
begin
  perform api.remove_avatar();
end;
$$;
comment on function v1.delete_avatar is $$Remove my picture
Without effect when there is none.$$;
grant execute on function v1.delete_avatar to customer;
