create function logic.set_thumbnails(image text, thumbnails jsonb) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update shop.product_images g set thumbnails = set_thumbnails.thumbnails where g.image = set_thumbnails.image;
  if not found then
    update shop.categories c set thumbnails = set_thumbnails.thumbnails where c.image = set_thumbnails.image;
  end if;
  if not found then
    update shop.customers c set avatar_thumbnails = set_thumbnails.thumbnails where c.avatar = set_thumbnails.image;
  end if;
  return found;
end;
$$;
comment on function logic.set_thumbnails is 'Says where the smaller copies of a picture are; false when its row is gone by now.';
grant execute on function logic.set_thumbnails to worker;
