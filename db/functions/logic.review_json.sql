create function logic.review_json(review api.reviews) returns json
language sql stable
return json_build_object(
  'id', review.id, 'rating', review.rating, 'title', review.title, 'comment', review.comment,
  'author_name', review.author_name, 'is_approved', review.is_approved, 'is_verified_purchase', review.is_verified_purchase,
  'created_at', review.created_at, 'updated_at', review.updated_at
);
comment on function logic.review_json is 'A review as /api/v1 shows it.';
grant execute on function logic.review_json to anon, customer;
