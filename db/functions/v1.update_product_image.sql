create function v1.update_product_image(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"alt_text": "text", "is_primary": "boolean", "sort_order": "integer"}');
  changed shop.product_images := logic.path_image();
begin
  if (given ->> 'is_primary')::boolean then
    perform logic.sole_primary(changed.product_id);
  end if;
  update shop.product_images g set
    alt_text = coalesce(given ->> 'alt_text', g.alt_text),
    is_primary = coalesce((given ->> 'is_primary')::boolean, g.is_primary),
    sort_order = coalesce((given ->> 'sort_order')::integer, g.sort_order)
  where g.id = changed.id
  returning * into changed;
  if changed.id is null then
    perform logic.problem(404, 'image_not_found', 'There is no such picture.');
  end if;
  return logic.image_json(changed);
end;
$$;
comment on function v1.update_product_image is $$Change what is said of a picture
For staff. Fields: alt_text, is_primary (takes it from the one that was), sort_order; what is left out stays. Errors: 404 product_not_found, 404 image_not_found, 422 validation_failed.$$;
grant execute on function v1.update_product_image to staff;
