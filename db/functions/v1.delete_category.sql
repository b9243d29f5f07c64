create function v1.delete_category() returns void
language plpgsql set search_path = '' as $$
begin
  delete from shop.categories c where c.slug = logic.header('x-path-slug');
  if not found then
    perform logic.problem(404, 'category_not_found', 'There is no such category.');
  end if;
end;
$$;
comment on function v1.delete_category is $$Delete a category
For staff, once it is empty. Errors: 404 category_not_found, 409 when products or categories are in it.$$;
grant execute on function v1.delete_category to staff;
