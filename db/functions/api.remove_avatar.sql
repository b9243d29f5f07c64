create function api.remove_avatar() returns void
language plpgsql security definer set search_path = '' as $$
begin
  update shop.customers c set avatar = null, avatar_thumbnails = '{}'
  where c.id = shop.current_user_id() and c.avatar is not null;
end;
$$;
comment on function api.remove_avatar is $$Remove my picture
The file and its copies go, too; without effect when there is none. A picture is uploaded under /api/v1/users/me/avatar/.$$;
grant execute on function api.remove_avatar to customer;
