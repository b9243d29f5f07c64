create function v1.get_me() returns json
language plpgsql stable set search_path = '' as $$
begin
  return (
    select json_build_object(
      'id', c.id, 'email', c.email, 'first_name', c.first_name, 'last_name', c.last_name,
      'phone_number', c.phone_number, 'date_of_birth', c.date_of_birth, 'bio', c.bio, 'avatar', c.avatar,
      'avatar_thumbnails', c.avatar_thumbnails, 'is_email_verified', c.is_email_verified,
      'created_at', c.created_at, 'updated_at', c.updated_at
    )
    from shop.customers c where c.id = (select shop.current_user_id())
  );
end;
$$;
comment on function v1.get_me is $$My profile
Who is signed in.$$;
grant execute on function v1.get_me to customer;
