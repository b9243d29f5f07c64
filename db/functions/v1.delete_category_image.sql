create function v1.delete_category_image() returns void
language plpgsql set search_path = '' as $$
begin
  update shop.categories c set image = null where c.slug = logic.header('x-path-slug');
  if not found then
    perform logic.problem(404, 'category_not_found', 'There is no such category.');
  end if;
end;
$$;
comment on function v1.delete_category_image is $$Remove a category's picture
For staff; without effect when there is none. Errors: 404 category_not_found.$$;
grant execute on function v1.delete_category_image to staff;
