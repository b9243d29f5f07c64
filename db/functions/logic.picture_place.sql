create function logic.picture_place(claims jsonb, room text, slug text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  place uuid;
begin
  perform set_config('request.jwt.claims', claims::text, true);
  if room = 'avatars' then
    return shop.current_user_id();
  end if;
  if not logic.is_staff() then
    perform logic.problem(403, 'permission_denied', 'This is not yours to do.');
  end if;
  if room = 'products' then
    return logic.find_product(slug);
  end if;
  select c.id into place from shop.categories c where c.slug = picture_place.slug;
  if place is null then
    perform logic.problem(404, 'category_not_found', 'There is no such category.');
  end if;
  return place;
end;
$$;
comment on function logic.picture_place is 'The product or category that a caller wants to give a picture to, or the caller; room is products, categories or avatars. Raises 403 permission_denied, 404 product_not_found, 404 category_not_found.';
grant execute on function logic.picture_place to service;
